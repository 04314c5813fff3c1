"""Contender's pages inside the Airflow UI: they require a login, run no scripts and serve no other files."""

from __future__ import annotations

import pytest

from demo.nights import MODEL

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    "path", ["/contender/", "/contender/gates/x", f"/contender/reports/{MODEL}/2013-09-01"]
)
def test_pages_require_a_login(stranger, path):
    assert stranger.get(path).status_code == 401


def test_the_first_page_shows_the_night_of_each_model_with_links_to_its_runs(person):
    page = person.get("/contender/")
    assert page.status_code == 200
    for shown in (
        f"{MODEL}",
        "tonight&#39;s predictions",
        "departures",
        "2013-09-02",
        f"/dags/score__{MODEL}/runs/",
    ):
        assert shown in page.text


def test_a_failed_gate_shows_expectation_and_keys(person, demo_run):
    refused = demo_run.nights[1].refused
    page = person.get(f"/contender/gates/{refused.id}")
    assert page.status_code == 200
    assert "no two rows share day, carrier, flight, origin" in page.text
    key = next(e.failing_keys[0] for e in refused.failed if e.failing_keys)
    assert " ".join(f"{name}={value}" for name, value in key.items()) in page.text


def test_pages_run_no_scripts(person):
    policy = person.get("/contender/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_a_report_is_sandboxed(person):
    report = person.get(f"/contender/reports/{MODEL}/2013-09-01")
    assert report.status_code == 200
    assert report.headers["Content-Security-Policy"].startswith("sandbox allow-scripts;")


@pytest.mark.parametrize(
    "path", ["/contender/reports/..%2f..%2f/2013-09-01", f"/contender/reports/{MODEL}/..%2fx"]
)
def test_a_path_cannot_leave_the_folder_of_reports(person, path):
    assert person.get(path).status_code == 404


def test_the_pages_are_in_airflows_menu(person):
    plugins = person.get("/api/v2/plugins").json()["plugins"]
    views = [view["name"] for plugin in plugins for view in plugin["external_views"]]
    assert "Tonight" in views


def test_the_page_of_costs_states_what_a_night_costs(person):
    shown = person.get("/contender/costs").text
    assert f"A night of {MODEL} costs" in shown
    assert "spec.py does not declare <code>value</code>" in shown


def test_the_page_of_scorecards_says_what_is_missing(person):
    shown = person.get("/contender/scorecards").text
    assert f"{MODEL}</a>:" in shown
    assert "What is missing" in shown
