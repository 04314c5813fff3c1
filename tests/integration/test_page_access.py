"""Access to Contender's pages in an API server: a page is visible to users who may read its DAG."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from contender import embedded_airflow
from contender.lake import open_lake
from contender.records import GateResult, migrate, open_book
from contender.settings import PROJECT, Settings
from contender.specs import Days
from tests.integration.made_up import late_incident

PASSWORDS = {"admin": "a-password", "reader": "another-password"}
MODEL = "flight_delay"


@dataclass(frozen=True)
class Server:
    url: str
    gates: dict[str, str]


def judged(table: str) -> GateResult:
    return GateResult(
        id=f"gate-of-{table.replace('.', '-')}",
        table=table,
        owner="a@b.example",
        days=Days.one("2013-09-01"),
        run="r",
        verdict="pass",
        rows=7,
        fingerprint="f",
        expectations=(),
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory, catalog, prepare_airflow) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("pages")
    here = Settings(home=home / "contender")
    migrate(here.records)
    open_lake(here)
    book = open_book(here.records)
    gates = {table: book.gates.add(judged(table)).id for table in catalog.tables}
    book.incidents.add(late_incident("ingest__departures"))
    book.incidents.add(late_incident("ingest__weather", also="ingest__planes"))
    report = Path(here.reports) / "drift" / MODEL / "2013-09-01.html"
    report.parent.mkdir(parents=True)
    report.write_text("<html>a report</html>")
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps(PASSWORDS))
    port = embedded_airflow.free_port()
    own = {
        "AIRFLOW__CORE__AUTH_MANAGER": "per_dag_access.PerDagAccess",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,reader:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "CONTENDER_HOME": str(here.home),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), str(PROJECT / "include")]),
    }
    env = embedded_airflow.make_environment(home, PROJECT, port=port, extra=own)
    prepare_airflow(home / "airflow")
    log = home / "server.log"
    with log.open("ab") as file:
        command = [sys.executable, "-m", "airflow", "api-server", "--apps", "core"]
        process = subprocess.Popen(command, env=env, stdout=file, stderr=file)
    try:
        url = f"http://{embedded_airflow.HOST}:{port}"
        wait_until_up(url, process, log)
        yield Server(url, gates)
    finally:
        process.terminate()
        process.wait(30)


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get(f"{url}/api/v2/version").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.3)
    raise RuntimeError(f"the API server did not come up:\n{log.read_text()[-3000:]}")


@contextlib.contextmanager
def logged_in(server: Server, user: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        answer = client.post("/auth/token", json={"username": user, "password": PASSWORDS[user]})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


@pytest.fixture(scope="module")
def admin(server) -> Iterator[httpx.Client]:
    with logged_in(server, "admin") as client:
        yield client


@pytest.fixture(scope="module")
def reader(server) -> Iterator[httpx.Client]:
    with logged_in(server, "reader") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/catalog", "/catalog/datasets.weather", "/gates/x"])
def test_pages_require_a_login(server, path):
    assert httpx.get(f"{server.url}/contender{path}", trust_env=False).status_code == 401


def test_an_admin_sees_every_page(admin, server, catalog):
    for table in catalog.tables:
        found = admin.get(f"/contender/catalog/{table}")
        assert (found.status_code, table in found.text) == (200, True)
        assert admin.get(f"/contender/gates/{server.gates[table]}").status_code == 200
        assert f"/contender/catalog/{table}" in admin.get("/contender/catalog").text
    for shown in ("departures", MODEL):
        assert shown in admin.get("/contender/").text
    assert admin.get(f"/contender/reports/{MODEL}/2013-09-01").text == "<html>a report</html>"


def test_the_first_page_shows_only_models_whose_scoring_the_user_may_read(reader, admin):
    assert f"Steps of {MODEL}" in admin.get("/contender/").text
    shown = reader.get("/contender/").text
    assert "There is no model that you may see." in shown
    assert MODEL not in shown


@pytest.mark.parametrize("table", ["datasets.weather", f"features.{MODEL}", f"labels.{MODEL}"])
def test_a_reader_sees_the_tables_of_readable_dags(reader, server, table):
    assert reader.get(f"/contender/catalog/{table}").status_code == 200
    assert reader.get(f"/contender/gates/{server.gates[table]}").status_code == 200


@pytest.mark.parametrize(
    ("table", "dag"),
    [
        ("datasets.departures", "ingest__departures"),
        (f"predictions.{MODEL}", f"score__{MODEL}"),
        (f"shadow.{MODEL}", f"retrain__{MODEL}"),
    ],
)
def test_a_refused_page_names_the_dag_that_the_reader_lacks(reader, server, table, dag):
    for path in (f"catalog/{table}", f"gates/{server.gates[table]}"):
        refused = reader.get(f"/contender/{path}")
        assert refused.status_code == 403
        assert f"You need the right to read the DAG {dag} to see this page" in refused.text
        assert "default-src 'none'" in refused.headers["Content-Security-Policy"]


def test_decisions_require_the_right_to_read_the_retrain_dag(reader, admin):
    for path, found in (("", 200), ("/no-such-decision", 404)):
        assert admin.get(f"/contender/decisions/{MODEL}{path}").status_code == found
        refused = reader.get(f"/contender/decisions/{MODEL}{path}")
        assert refused.status_code == 403
        assert f"retrain__{MODEL}" in refused.text


def test_a_models_page_requires_the_right_to_read_its_retrain_dag(reader, admin):
    shown = admin.get(f"/contender/models/{MODEL}")
    assert (shown.status_code, "No version serves yet." in shown.text) == (200, True)
    refused = reader.get(f"/contender/models/{MODEL}")
    assert (refused.status_code, f"retrain__{MODEL}" in refused.text) == (403, True)
    assert MODEL not in reader.get("/contender/promotions").text


def test_a_table_and_the_models_that_read_it_link_to_each_other(reader, admin):
    table = admin.get("/contender/catalog/datasets.weather").text
    assert f'href="/contender/models/{MODEL}"' in table
    assert f'href="/contender/catalog/predictions.{MODEL}"' in table
    assert 'href="/contender/catalog/datasets.weather"' in admin.get(f"/contender/models/{MODEL}").text
    assert "no model that you may see reads it" in reader.get("/contender/catalog/datasets.weather").text


@pytest.mark.parametrize(
    "path", [f"cards/{MODEL}", f"cards/{MODEL}/1", f"models/{MODEL}/versions?first=1&second=2"]
)
def test_cards_require_the_right_to_read_the_retrain_dag(reader, admin, path):
    absent = admin.get(f"/contender/{path}")
    assert (absent.status_code, f"run the DAG retrain__{MODEL} first" in absent.text) == (404, True)
    refused = reader.get(f"/contender/{path}")
    assert (refused.status_code, f"retrain__{MODEL}" in refused.text) == (403, True)


def test_a_report_requires_the_right_to_read_the_monitor_dag(reader):
    refused = reader.get(f"/contender/reports/{MODEL}/2013-09-01")
    assert refused.status_code == 403
    assert f"monitor__{MODEL}" in refused.text


def test_an_incident_requires_the_right_to_read_the_dag_of_its_cause(reader, admin):
    path = "/contender/incidents/incident-of-ingest__departures"
    assert "contender incidents ack incident-of-ingest__departures" in admin.get(path).text
    refused = reader.get(path)
    assert (refused.status_code, "ingest__departures" in refused.text) == (403, True)


def test_an_incident_leaves_out_steps_that_the_reader_may_not_see(reader, admin):
    path = "/contender/incidents/incident-of-ingest__weather"
    assert "ingest__planes is late" in admin.get(path).text
    shown = reader.get(path).text
    assert "delivery of weather, day 2013-09-02" in shown
    assert "1 further steps belong to DAGs that you may not read" in shown
    assert "planes" not in shown


@pytest.mark.parametrize(
    "path",
    [
        "/contender/",
        "/contender/catalog",
        "/contender/catalog?q=a",
        "/contender/catalog/datasets.weather",
        "/contender/incidents",
    ],
)
def test_lists_and_drawings_leave_out_unreadable_tables(reader, path):
    html = reader.get(path).text
    for hidden in ("departures", "planes", f"predictions.{MODEL}", f"shadow.{MODEL}"):
        assert hidden not in html
    assert "weather" in html


def test_the_catalogue_shows_how_many_tables_are_hidden(reader, catalog):
    hidden = len(catalog.tables) - 3
    html = reader.get("/contender/catalog").text
    assert f"{hidden} more tables belong to DAGs that you may not read" in html


def test_a_search_finds_no_table_that_the_reader_may_not_see(reader, admin):
    assert "datasets.planes" in admin.get("/contender/catalog?q=planes").text
    found = reader.get("/contender/catalog?q=planes").text
    assert "There is no table with “planes” that you may see." in found
    assert "datasets.planes" not in found


def test_the_error_for_an_unknown_table_suggests_no_other(reader):
    missing = reader.get("/contender/catalog/datasets.departure")
    assert missing.status_code == 404
    assert "departures" not in missing.text


def test_the_menu_links_to_the_catalogue(admin):
    plugins = admin.get("/api/v2/plugins").json()["plugins"]
    views = {view["name"]: view["href"] for plugin in plugins for view in plugin["external_views"]}
    assert views["Catalogue"] == "/contender/catalog"


def test_every_plugin_is_loaded(admin):
    assert admin.get("/api/v2/plugins/importErrors").json()["import_errors"] == []
