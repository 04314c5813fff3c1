"""Every role and every action, over HTTP, as that user, in a real Airflow with the FAB auth manager."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date

import httpx
import pyarrow as pa
import pytest

from contender.admission import quarantine_batch
from contender.gating import check
from contender.granting import find_differences, wanted_roles
from contender.lake import stage
from contender.orchestrator import AirflowRole, Roles
from contender.records import open_book
from contender.specs import Days, load_access
from tests.access.fab import PASSWORD, USERS, Fab, apply

pytestmark = pytest.mark.usefixtures("fab_users")

EVERYBODY = set(USERS)
SEEN_BY = {
    "ingest__weather": {"engineer", "scientist", "platform", "auditor"},
    "score__flight_delay": {"engineer", "scientist", "platform", "approver", "reader", "auditor"},
    "retrain__household_return": {"engineer", "platform", "approver", "reader", "auditor"},
    "rollback__household_return": {"engineer", "platform", "approver", "reader", "auditor"},
    "operations__upkeep": {"engineer", "platform", "auditor"},
    "operations__quarantine": {"engineer", "scientist", "platform", "auditor"},
}
STARTED_BY = {
    "ingest__weather": {"engineer", "platform"},
    "score__flight_delay": {"scientist", "platform"},
    "score__household_return": {"platform"},
    "operations__upkeep": {"platform"},
    # What these start is a decision, and a right of its own.
    "operations__quarantine": {"engineer"},
    "rollback__flight_delay": {"scientist", "platform"},
    "rollback__household_return": {"platform"},
}
CLEARED_BY = {
    "ingest__weather": {"engineer", "platform"},
    "retrain__flight_delay": {"scientist", "platform"},
    "retrain__household_return": {"platform"},
    "operations__upkeep": {"platform"},
}
FORMS = {
    "rollback": {"reason": "a test of who may"},
    "operations__quarantine": {"batch": "abcdef", "reason": "a test of who may"},
}
HOUSEHOLD = 4711


def cells(allowed: dict[str, set[str]]) -> Iterator[object]:
    for target, users in allowed.items():
        for user in USERS:
            word = "may" if user in users else "may not"
            yield pytest.param(user, target, user in users, id=f"{user}-{word}-{target}")


def said(allowed: bool) -> set[int]:
    return {200, 201} if allowed else {403}


@pytest.fixture(scope="module")
def waiting(fab, catalog) -> str:
    """The gate of a batch of purchases with a household in it, which failed."""
    here, contract = fab.here, catalog.contract("datasets.transactions")
    row = {
        column.name: HOUSEHOLD if column.name == "household_id" else None for column in contract.columns
    } | {"day": date(2017, 1, 1)}
    schema = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "date": pa.date32()}
    schema |= {"boolean": pa.bool_(), "timestamp": pa.timestamp("us", "UTC")}
    table = pa.table(
        {column.name: pa.array([row[column.name]], schema[column.type]) for column in contract.columns}
    )
    batch = stage(table, contract, Days.one("2017-01-01"), here.staging)
    result = quarantine_batch(batch, check(contract, batch, "a run"), here)
    assert result.verdict == "fail"
    return open_book(here.records).gates.add(result).id


@pytest.fixture(scope="module")
def asked(fab) -> dict[str, str]:
    """A run of each model's retrain DAG that waits for a person's answer."""
    runs = {}
    with fab.airflow() as airflow:
        for dag in ("retrain__flight_delay", "retrain__household_return"):
            airflow.unpause(dag)
            runs[dag] = airflow.trigger(dag).run_id
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            states = [airflow.task_states(dag, run)["approve"] for dag, run in runs.items()]
            if set(states) <= {"deferred", "awaiting_input"}:
                return runs
            time.sleep(0.5)
    raise AssertionError(f"no approval was asked for: {states}")


@pytest.mark.parametrize(("user", "dag", "allowed"), cells(SEEN_BY))
def test_see(fab, user, dag, allowed):
    client = fab.as_user(user)
    assert client.get(f"/api/v2/dags/{dag}").status_code in said(allowed)
    assert client.get(f"/api/v2/dags/{dag}/dagRuns").status_code in said(allowed)


@pytest.mark.parametrize(("user", "dag", "allowed"), cells(STARTED_BY))
def test_start(fab, user, dag, allowed):
    form = next((form for begin, form in FORMS.items() if dag.startswith(begin)), {})
    body = {"logical_date": None, "conf": form}
    answer = fab.as_user(user).post(f"/api/v2/dags/{dag}/dagRuns", json=body)
    assert answer.status_code in said(allowed), answer.text
    assert not allowed or answer.json()["triggering_user_name"] == user


@pytest.mark.parametrize(("user", "dag", "allowed"), cells(CLEARED_BY))
def test_clear(fab, user, dag, allowed):
    answer = fab.as_user(user).post(f"/api/v2/dags/{dag}/clearTaskInstances", json={"dry_run": True})
    assert answer.status_code in said(allowed), answer.text


@pytest.mark.parametrize("dag", ["retrain__flight_delay", "retrain__household_return"])
def test_approve_is_for_the_approver_alone_and_keeps_their_name(fab, asked, dag):
    path = f"/api/v2/dags/{dag}/dagRuns/{asked[dag]}/taskInstances/approve/-1/hitlDetails"
    for user in EVERYBODY - {"approver"}:
        assert fab.as_user(user).patch(path, json={"chosen_options": ["Approve"]}).status_code == 403, user
    answered = fab.as_user("approver").patch(path, json={"chosen_options": ["Approve"]})
    assert answered.status_code == 200, answered.text
    assert answered.json()["responded_by"]["name"].startswith("approver")


@pytest.mark.parametrize("user", USERS)
def test_read_pii_is_for_the_data_engineer_alone_and_is_written_down(fab, waiting, user):
    answer = fab.as_user(user).get(f"/contender/gates/{waiting}/rows")
    expected = 200 if user in SEEN_BY["ingest__weather"] else 403
    assert answer.status_code == expected
    assert (str(HOUSEHOLD) in answer.text) == (user == "engineer")
    assert ("***" in answer.text) == (expected == 200 and user != "engineer")
    looked = [
        act for act in open_book(fab.here.records).acts.newest("datasets.transactions") if act.by == user
    ]
    assert [act.kind for act in looked] == (["read"] if user == "engineer" else [])


@pytest.mark.parametrize("user", USERS)
def test_the_gate_page_masks_personal_data(fab, waiting, user):
    assert str(HOUSEHOLD) not in fab.as_user(user).get(f"/contender/gates/{waiting}").text


@pytest.mark.parametrize("user", USERS)
def test_connections_are_for_the_platform_engineer_alone(fab, user):
    client = fab.as_user(user)
    allowed = user == "platform"
    body = {"connection_id": f"made_by_{user}", "conn_type": "http", "password": "s3cret"}
    made = client.post("/api/v2/connections", json=body)
    assert made.status_code in said(allowed), made.text
    assert "s3cret" not in made.text
    assert client.get("/api/v2/connections").status_code in said(allowed)


@pytest.mark.parametrize("user", USERS)
def test_the_audit_is_for_the_auditor_alone(fab, user):
    client = fab.as_user(user)
    assert client.get("/contender/audit").status_code in said(user == "auditor")
    assert client.get("/api/v2/eventLogs").status_code in said(user == "auditor")


@pytest.mark.parametrize("user", ["reader", "approver", "auditor"])
def test_who_does_not_work_on_a_dag_reads_no_logs_no_xcoms_and_no_source(fab, asked, user):
    client, dag = fab.as_user(user), "retrain__flight_delay"
    task = f"/api/v2/dags/{dag}/dagRuns/{asked[dag]}/taskInstances/approve"
    for path in (f"{task}/logs/1", f"{task}/xcomEntries", f"/api/v2/dagSources/{dag}"):
        assert client.get(path).status_code == 403, path


@pytest.mark.parametrize("user", USERS)
def test_a_user_cannot_extend_their_own_rights(fab, user):
    client = fab.as_user(user)
    more = {"name": "contender.auditor", "actions": []}
    assert client.patch("/auth/fab/v1/roles/contender.auditor", json=more).status_code == 403
    promoted = {"roles": [{"name": "Admin"}]}
    assert client.patch(f"/auth/fab/v1/users/{user}", json=promoted).status_code == 403
    assert client.post("/api/v2/variables", json={"key": "k", "value": "v"}).status_code == 403
    assert client.delete("/api/v2/dags/ingest__weather").status_code == 403


@pytest.mark.parametrize("path", ["/contender/", "/contender/audit", "/api/v2/dags"])
def test_anonymous_users_see_nothing(fab, path):
    assert httpx.get(f"{fab.url}{path}", trust_env=False).status_code == 401


def test_the_link_of_a_mail_leads_through_the_login_to_its_page(fab, waiting):
    link, html = f"/contender/gates/{waiting}", {"Accept": "text/html"}
    with httpx.Client(base_url=fab.url, trust_env=False, follow_redirects=True, headers=html) as browser:
        form = browser.get(link)
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
        assert csrf is not None, form.text
        login = {"username": "engineer", "password": PASSWORD, "csrf_token": csrf.group(1)}
        arrived = browser.post(str(form.url), data=login)
    assert (arrived.status_code, arrived.url.path) == (200, link)
    assert "Gate of datasets.transactions" in arrived.text


def test_lists_leave_out_what_is_not_a_scientists_own(fab):
    client = fab.as_user("scientist")
    listed = {dag["dag_id"] for dag in client.get("/api/v2/dags?limit=100").json()["dags"]}
    assert "retrain__flight_delay" in listed
    assert not [dag for dag in listed if dag.endswith("household_return")]
    assert "household_return" not in client.get("/contender/").text


def test_after_apply_airflow_is_as_the_file_says_and_another_apply_changes_nothing(fab, catalog):
    access = load_access(catalog)
    assert differences(fab, access, catalog) == []
    assert apply(fab, access, catalog) == ()


def test_manual_changes_are_found_and_corrected(fab, catalog):
    access = load_access(catalog)
    wanted = {role.name: role for role in wanted_roles(access, catalog)}
    reader = wanted["contender.business_reader"]
    moved = (reader.permissions - {("can_read", "DAG Runs")}) | {("can_read", "Connections")}
    with fab.airflow() as airflow:
        roles = Roles(airflow)
        roles.replace(AirflowRole(name=reader.name, permissions=moved))
        roles.delete("contender.auditor")
        roles.create(AirflowRole(name="contender.left_over", permissions=frozenset()))
    told = [line.partition(":")[0] for line in differences(fab, access, catalog)]
    assert told == [
        "contender.business_reader lacks can_read on DAG Runs",
        "contender.business_reader has can_read on Connections in addition",
        "the role contender.auditor does not exist",
        "the role contender.left_over is no longer in the file",
    ]
    apply(fab, access, catalog)
    assert differences(fab, access, catalog) == []
    # The deleted role's holder lost it; later tests ask as this user.
    fab.remove_user("auditor")
    fab.add_user("auditor", USERS["auditor"])


def test_a_holder_of_one_of_airflows_own_roles_is_a_finding_that_a_person_settles(fab, catalog):
    fab.add_user("temp", "Viewer")
    fab.add_user("second_admin", "Admin")
    told = "\n".join(differences(fab, load_access(catalog), catalog))
    assert "temp has Airflow's built-in role Viewer" in told
    assert "second_admin has Airflow's built-in role Admin" in told
    assert "admin has Airflow's built-in role Admin, which may do everything: remove it" in told
    assert "\nadmin " not in f"\n{told}"
    for user in ("temp", "second_admin"):
        fab.remove_user(user)


def differences(fab: Fab, access, catalog) -> list[str]:
    with fab.airflow() as airflow:
        roles = Roles(airflow)
        found = find_differences(access, wanted_roles(access, catalog), roles.read(), roles.users())
    return [difference.message for difference in found]
