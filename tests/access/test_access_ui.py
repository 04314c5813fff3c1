"""Every request that the pages of Airflow's UI make, as each role, in a real Airflow with the FAB auth manager."""

from __future__ import annotations

from pathlib import Path

import airflow.api_fastapi.core_api
import pytest
import yaml

from tests.access.fab import USERS, Fab

pytestmark = pytest.mark.usefixtures("fab_users")

DAG = "score__flight_delay"
EVERYBODY = set(USERS)
VIEWERS = EVERYBODY - {"stranger"}
SEES_ALL = {"engineer", "platform", "auditor"}
OPERATES = {"engineer", "scientist", "platform"}  # may start or clear runs of some DAG
SINCE = "2013-01-01T00:00:00Z"

# Requests that only the UI makes. {run} is a run of the DAG.
OF_THE_UI = {
    "/ui/auth/menus": EVERYBODY,
    "/ui/auth/me": EVERYBODY,
    "/ui/config": EVERYBODY,
    "/ui/dags": VIEWERS,
    f"/ui/dags/{DAG}/latest_run": VIEWERS,
    f"/ui/dags/{DAG}/dagRuns/{{run}}/stats": VIEWERS,
    f"/ui/dags/{DAG}/dagRuns/{{run}}/deadlines": VIEWERS,
    f"/ui/dags/{DAG}/deadlineAlerts": VIEWERS,
    "/ui/dashboard/dag_stats": VIEWERS,
    f"/ui/dashboard/historical_metrics_data?start_date={SINCE}": VIEWERS,
    "/ui/dependencies": VIEWERS,
    f"/ui/structure/structure_data?dag_id={DAG}&external_dependencies=true": VIEWERS,
    f"/ui/grid/structure/{DAG}": VIEWERS,
    f"/ui/grid/runs/{DAG}": VIEWERS,
    f"/ui/grid/ti_summaries/{DAG}?run_ids={{run}}": VIEWERS,
    f"/ui/gantt/{DAG}/{{run}}": VIEWERS,
    f"/ui/calendar/{DAG}?partition_date_gte={SINCE}&logical_date_gte={SINCE}": VIEWERS,
    f"/ui/next_run_assets/{DAG}": VIEWERS,
    "/ui/partitioned_dag_runs": VIEWERS,
    f"/ui/pending_partitioned_dag_run/{DAG}?partition_key=2013-09-01": VIEWERS,
    f"/ui/backfills?dag_id={DAG}": VIEWERS,
    "/ui/connections/hook_meta": {"platform"},
    "/ui/teams": set(),  # refused without multiple teams, even to an administrator
}
# Requests of the REST API that the pages make, too.
OF_THE_API = {
    f"/api/v2/dags/{DAG}/details": VIEWERS,
    f"/api/v2/dags/{DAG}/tasks": VIEWERS,
    f"/api/v2/dags/{DAG}/dagVersions": VIEWERS,
    f"/api/v2/dags/{DAG}/dagRuns/{{run}}": VIEWERS,
    f"/api/v2/dags/{DAG}/dagRuns/{{run}}/taskInstances": VIEWERS,
    f"/api/v2/dags/{DAG}/dagRuns/{{run}}/taskInstances/score/links": VIEWERS,
    f"/api/v2/dags/{DAG}/dagRuns/{{run}}/upstreamAssetEvents": VIEWERS,
    "/api/v2/dags/~/dagRuns/~/hitlDetails": VIEWERS,
    "/api/v2/dags/~/dagRuns": VIEWERS,
    "/api/v2/dagTags": VIEWERS,
    "/api/v2/plugins": VIEWERS,
    "/api/v2/assets/events": VIEWERS,
    "/api/v2/assets": SEES_ALL,
    "/api/v2/assets/1": SEES_ALL,
    "/api/v2/importErrors": OPERATES,
    "/api/v2/dagWarnings": OPERATES,
    "/api/v2/pools": set(),
    "/api/v2/variables": set(),
}
MENUS = {
    "engineer": {"Dags", "Deadlines", "Assets"},
    "scientist": {"Dags", "Deadlines"},
    "platform": {"Dags", "Deadlines", "Assets", "Connections"},
    "approver": {"Dags", "Deadlines", "Required Actions"},
    "reader": {"Dags", "Deadlines"},
    "auditor": {"Dags", "Deadlines", "Assets", "Audit Log"},
    "stranger": set(),
}


@pytest.fixture(scope="module")
def run(fab: Fab) -> str:
    """A run of the DAG."""
    with fab.airflow() as airflow_api:
        return airflow_api.trigger(DAG).run_id


@pytest.mark.parametrize(("path", "allowed"), (OF_THE_UI | OF_THE_API).items())
def test_the_pages_of_airflows_ui_get_what_the_role_may_see(fab, run, path, allowed):
    answers = {user: fab.as_user(user).get(path.format(run=run)).status_code for user in USERS}
    # 404: allowed, but there is nothing of this kind.
    assert {user for user, status in answers.items() if status in (200, 404)} == allowed
    assert {status for user, status in answers.items() if user not in allowed} <= {403}


def test_every_request_of_the_installed_ui_is_tested():
    spec = Path(airflow.api_fastapi.core_api.__file__).parent / "openapi" / "_private_ui.yaml"
    requests = {
        path for path, methods in yaml.safe_load(spec.read_text())["paths"].items() if "get" in methods
    }
    tested = {path.partition("?")[0].replace(DAG, "{dag_id}") for path in OF_THE_UI}
    assert {path.replace("{dag_run_id}", "{run}").replace("{run_id}", "{run}") for path in requests} == tested


@pytest.mark.parametrize("user", USERS)
def test_the_menu_has_only_pages_that_open(fab, user):
    assert set(fab.as_user(user).get("/ui/auth/menus").json()["authorized_menu_items"]) == MENUS[user]


@pytest.mark.parametrize("path", [path for path in OF_THE_UI | OF_THE_API if DAG not in path])
def test_no_list_names_a_model_that_the_scientist_may_not_see(fab, path):
    assert "household_return" not in fab.as_user("scientist").get(path).text


def test_the_dag_list_contains_exactly_the_visible_dags(fab, catalog):
    listed = {dag["dag_id"] for dag in fab.as_user("reader").get("/ui/dags?limit=100").json()["dags"]}
    verbs = ("features", "retrain", "score", "monitor", "rollback", "feasibility")
    assert listed == {f"{verb}__{model}" for verb in verbs for model in catalog.models}
