"""`contender drill` as a person runs it: a table, a report, a chart, and a line for each thing that cannot be."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from contender.cli.exit_codes import INTERRUPTED
from contender.settings import Settings
from contender.specs import Days, load_catalog
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
NIGHTS = 10
START = NIGHT - timedelta(days=NIGHTS - 1)
SPAN = ("--nights", str(NIGHTS))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Three months of made-up flights in a lake, with the project's catalog and one quick recipe."""
    folder = tmp_path_factory.mktemp("drilled")
    here = Settings(home=folder / "home")
    spec = copy_catalog(folder / "catalog").home / "models" / MODEL / "spec.py"
    spec.write_text(re.sub(r"^ *Recipe\(name=\"linear.*\n", "", spec.read_text(), flags=re.MULTILINE))
    quick = '"max_iter": 15, "learning_rate": 0.3'
    spec.write_text(spec.read_text().replace('"max_iter": 80, "learning_rate": 0.05', quick))
    catalog = load_catalog(folder / "catalog")
    model = catalog.model(MODEL)
    rows = make_flights(model, Days(first=HISTORY.first, last=tomorrow(NIGHT)))
    numbers = [column.name for column in model.features if column.type == "number"]
    rows = rows.astype(dict.fromkeys(numbers, float))
    publish_history(here, model, rows)
    return here, catalog


@pytest.fixture
def run(installed, monkeypatch):
    yield from invoke_on(*installed, "drill", monkeypatch)


def test_an_empty_column_is_found_on_its_first_day_and_mailed_once(run, tmp_path):
    page, chart = tmp_path / "drill.html", tmp_path / "drill.svg"
    words = ("feed", MODEL, *SPAN, "--column", "carrier_late", "--html", str(page), "--plot", str(chart))
    said = run(*words)
    assert said.exit_code == 0, said.output
    assert "Verdict right: broken_feed on day 1." in said.output
    assert f"a column is empty, from {START} on" in " ".join(said.output.split())
    assert said.output.count("broken_feed, an input has changed") == 1
    assert all(name in said.output for name in ("ours", "oracle", "static", "blind nightly", str(page)))
    assert page.read_text().count("<svg") == 1
    assert "<script" not in page.read_text()
    assert chart.read_text().startswith("<svg")


def test_outcomes_that_come_late_stop_refreshes_until_they_arrive(run, tmp_path):
    words = ("late-labels", MODEL, *SPAN, "--strength", "9", "--html", str(tmp_path / "d.html"), "--json")
    found = json.loads(run(*words).stdout)
    assert found["monitored"][0]["night"] == str(START - timedelta(days=1))  # it scores the start
    assert len(found["monitored"]) == NIGHTS
    refreshes = {one["night"]: one["refresh"] for one in found["monitored"]}
    stopped = [str(START + timedelta(days=nth)) for nth in (7, 8)]  # no evaluated day has a label
    assert [refreshes[night] for night in stopped] == ["none", "none"]
    assert any("no labelled rows" in mail["subject"] for mail in found["mails"])


def test_the_drills_are_listed_with_the_right_verdict(run):
    said = run("--list")
    assert said.exit_code == 0
    assert "pandemic" in said.output
    assert "regime_break" in said.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give a drill and a model"),
        (("flood", MODEL), "drill flood: unknown; give one of pandemic, recovery"),
        (("unit", MODEL, "--column", "airline"), "column 'airline': this drill can change one of distance"),
        (("sudden", MODEL, "--strength", "2"), "strength 2: must be above 0 and at most 1"),
        (("feed", MODEL, "--from", "2013-3-1"), "--from 2013-3-1"),
        (("feed", MODEL, "--from", "2013-01-20"), "choose other nights"),
        (("feed", "flight_delays"), "flight_delays"),
    ],
)
def test_an_impossible_drill_is_rejected_with_the_remedy(run, words, message):
    said = run(*words)
    assert said.exit_code != 0
    assert message in str(said.exception) + said.output


@pytest.fixture
def run_interrupted(installed, monkeypatch, tmp_path):
    here, catalog = installed
    yield from invoke_on(here, press_ctrl_c(catalog, "estimator.py", tmp_path), "drill", monkeypatch)


def test_an_interrupted_drill_says_how_far_it_came_and_writes_no_report(run_interrupted, tmp_path):
    page = tmp_path / "drill.html"
    said = run_interrupted("feed", MODEL, *SPAN, "--column", "carrier_late", "--html", str(page))
    assert said.exit_code == INTERRUPTED
    assert re.search(r"Stopped after \d+ of \d+ nights\. No report was written\.", said.output)
    assert not page.exists()
