"""`contender backtest` as a person runs it: a table, records, a report, and a line for each thing that cannot be."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from contender.cli.exit_codes import INTERRUPTED
from contender.settings import Settings
from contender.specs import Days
from tests.integration.made_up import (
    HISTORY,
    NIGHT,
    copy_catalog,
    invoke_on,
    make_flights,
    press_ctrl_c,
    publish_history,
    tomorrow,
)

MODEL = "flight_delay"
FIRST = NIGHT - timedelta(days=2)
SPAN = ("--from", str(FIRST), "--to", str(NIGHT))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Three months of made-up flights in a lake, with the project's catalog."""
    folder = tmp_path_factory.mktemp("backtested")
    here, catalog = Settings(home=folder / "home"), copy_catalog(folder / "catalog")
    model = catalog.model(MODEL)
    rows = make_flights(model, Days(first=HISTORY.first, last=tomorrow(NIGHT)))
    publish_history(here, model, rows)
    return here, catalog


@pytest.fixture
def run(installed, monkeypatch):
    yield from invoke_on(*installed, "backtest", monkeypatch)


def test_policies_are_listed_and_the_report_is_written_to_the_given_path(run, tmp_path):
    report = tmp_path / "past.html"
    said = run(MODEL, *SPAN, "--policy", "ours", "--policy", "static", "--report", str(report))
    assert said.exit_code == 0
    assert all(word in said.output for word in ("ours", "static", "promotions", str(report)))
    page = report.read_text()
    assert "<svg" in page
    assert "<script" not in page


def test_the_json_output_has_every_night_and_served_day_once(run):
    said = run(MODEL, *SPAN, "--policy", "blind", "--json")
    (lived,) = json.loads(said.stdout)
    (blind,) = lived["results"]
    assert [decision["night"] for decision in blind["decisions"]] == [
        str(n) for n in Days(first=FIRST, last=NIGHT).each()
    ]
    served = [day["day"] for day in blind["served"]]
    assert served == sorted(set(served))


def test_cadences_share_their_fits_and_a_slower_one_needs_fewer(run):
    said = run(MODEL, *SPAN, "--policy", "blind", "--cadence", "nightly", "--cadence", "weekly", "--json")
    nightly, weekly = json.loads(said.stdout)
    assert (nightly["cadence"], weekly["cadence"]) == ("nightly", "weekly")
    assert nightly["results"][0]["fits"] == 3
    assert weekly["results"][0]["fits"] == 1
    assert weekly["versions"][0]["recipe_fingerprint"] == nightly["versions"][0]["recipe_fingerprint"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            (MODEL, *SPAN, "--policy", "better"),
            "--policy better: unknown; give one of ours, no-recovery, static",
        ),
        (
            (MODEL, *SPAN, "--cadence", "hourly"),
            "--cadence hourly: unknown; give one of nightly, weekly, monthly, when_needed, own, oracle",
        ),
        ((MODEL, *SPAN, "--cadence", "oracle"), "--cadence oracle: give another cadence, too"),
        ((MODEL, "--from", "2013-03-31", "--to", "2013-03-01"), "--from 2013-03-31 --to 2013-03-01"),
        ((MODEL, "--from", "2012-03-01", "--to", "2012-03-02"), "choose other nights"),
        (("flight_delays", *SPAN), "flight_delays"),
    ],
)
def test_an_impossible_backtest_is_rejected_with_the_remedy(run, words, told):
    said = run(*words)
    assert said.exit_code != 0
    assert told in str(said.exception) + said.output


def test_a_backtest_in_which_nothing_was_served_says_so_and_ends_with_1(run, tmp_path):
    report = tmp_path / "past.html"
    said = run(MODEL, "--from", str(NIGHT), "--to", str(NIGHT), "--policy", "ours", "--report", str(report))
    assert said.exit_code == 1
    assert "Nothing was served in the nights 2013-03-31" in said.output
    assert "nan" not in said.output.split("Report:")[0]
    assert "No version served" in report.read_text()


@pytest.fixture
def run_interrupted(installed, monkeypatch, tmp_path):
    here, catalog = installed
    yield from invoke_on(here, press_ctrl_c(catalog, "linear.py", tmp_path), "backtest", monkeypatch)


def test_an_interrupted_backtest_says_how_far_it_came_and_writes_no_report(run_interrupted, tmp_path):
    report = tmp_path / "past.html"
    said = run_interrupted(MODEL, *SPAN, "--policy", "blind", "--report", str(report))
    assert said.exit_code == INTERRUPTED
    assert "Stopped; nights run, of 3: 1 nightly. No report was written." in said.output
    assert not report.exists()
