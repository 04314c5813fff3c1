"""`contender feasibility` on the real data of two examples, on noise, on too few rows, and on late deliveries."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from contender.feasibility import FeasibilityError, judge, keep_feasibility, make_study
from contender.featurizing import collect, plan_features, run_in_process
from contender.ingesting import land
from contender.installation import Installation
from contender.lake import open_lake
from contender.records import GateResult, migrate
from contender.settings import Settings
from contender.specs import Days, Recipe, load_catalog
from demo import source
from tests.integration.contents import digest_contents
from tests.integration.made_up import HISTORY, copy_catalog, invoke_on, make_flights, publish_history
from tests.made_up_kinds import make_rows, specify_classes, write_catalog

FLIGHTS, GROCERIES = "flight_delay", "household_return"
# The first night with the history that features read, and the last one.
BUILT = {
    FLIGHTS: (source.flights.SOURCE, Days(first=date(2013, 1, 28), last=date(2013, 3, 28))),
    GROCERIES: (source.groceries.SOURCE, Days(first=date(2017, 2, 25), last=date(2017, 4, 15))),
}
SAMPLE = 6000
SEEN = ("airline", "airport", "dep_hour", "arr_hour", "weekday", "carrier_late")


@pytest.fixture(scope="module")
def built(tmp_path_factory, catalog):
    """A function that returns an installation with six to eight weeks of a real example's features and labels."""
    made = {}

    def build(name: str) -> Installation:
        if name not in made:
            made[name] = build_example(
                Settings(home=tmp_path_factory.mktemp(name), engine="duckdb"), catalog, name
            )
        return made[name]

    return build


def build_example(here: Settings, catalog, name: str) -> Installation:
    migrate(here.records)
    model, lake, (own, nights) = catalog.model(name), open_lake(here), BUILT[name]
    source.drop_reference(here.landing, [own])
    longest = max(given.history_days for given in model.inputs)
    for given in model.inputs:
        spec = catalog.dataset(given.name)
        days = Days(
            first=nights.first - timedelta(days=longest - 1),
            last=nights.last + timedelta(days=spec.delivery.lead_days),
        )
        if spec.kind == "daily":
            source.drop(spec.name, days.each(), here.landing)
        lake.publish(spec.contract, land(spec, days, here))
    plan = plan_features(catalog, model, nights, lake, here)
    run_in_process(plan)
    for kind, batch in collect(model, plan, here).items():
        lake.publish(model.feature_contract if kind == "features" else model.label_contract, batch)
    return Installation(here, catalog)


def make_quick(home):
    """The project's catalog, with a first recipe of flights that is fitted in no time."""
    spec = copy_catalog(home).home / "models" / FLIGHTS / "spec.py"
    recipe = 'Recipe(name="quick", estimator="linear", window_days=90, parameters={"C": 0.1}, features=SEEN),'
    text = spec.read_text().replace("    recipes=(\n", f"    recipes=(\n        {recipe}\n", 1)
    spec.write_text(text.replace("SPEC =", f"SEEN = {SEEN}\nSPEC =", 1))
    return load_catalog(home)


@pytest.fixture
def made_up(tmp_path):
    """An installation with three months of made-up flights; a function that changes their rows first."""

    def install(change=lambda rows: rows) -> Installation:
        here, catalog = Settings(home=tmp_path / "home"), make_quick(tmp_path / "catalog")
        model = catalog.model(FLIGHTS)
        publish_history(here, model, change(make_flights(model, HISTORY)))
        return Installation(here, catalog)

    return install


@pytest.mark.parametrize("name", [FLIGHTS, GROCERIES])
def test_the_label_of_an_example_can_be_predicted_and_nothing_is_changed(built, name):
    here = built(name)
    before = digest_contents(here.settings)
    steps = []
    study = make_study(here, name, SAMPLE, steps.append)
    assert digest_contents(here.settings) == before
    assert steps[0] == len(steps) - 1
    assert study.comparison.beyond_floor.is_below_zero
    assert study.history.rows_used == SAMPLE < study.history.rows
    assert study.history.missing_days == 0
    assert len(study.curve) >= 5
    assert len(study.gains) == len(here.catalog.model(name).feature_names)
    assert sum(group.share for group in study.ages) == pytest.approx(1)
    assert all(part.sentences for part in judge(study).parts)


def test_a_search_on_a_real_example_changes_nothing_and_prints_a_recipe_for_its_spec(built, monkeypatch):
    here = built(FLIGHTS)
    before = digest_contents(here.settings)
    (run,) = invoke_on(here.settings, here.catalog, "tune", monkeypatch)
    few = ("--recipe", "linear", "--trials", "4", "--rows", str(SAMPLE), "--vary", "C=0.00001..10")
    found = json.loads(run(FLIGHTS, *few, "--json").stdout)
    said = run(FLIGHTS, *few)
    assert said.exit_code == 0
    assert digest_contents(here.settings) == before
    assert [trial["state"] for trial in found["search"]["trials"]].count("failed") == 0
    assert len(found["search"]["trials"]) == 4
    proposed = found["recipe"]
    assert ("Add it to `recipes`" in said.stdout) == (proposed is not None)
    if proposed is not None:
        written = said.stdout.partition("champion:")[2].strip().rstrip(",")
        assert eval(written, {"Recipe": Recipe}).model_dump(mode="json") == proposed


def test_noise_is_no_go_and_the_command_exits_with_1(made_up, monkeypatch, tmp_path):
    def with_noise(rows):
        return rows.assign(label=np.random.default_rng(5).integers(0, 2, len(rows)))

    here, page = made_up(with_noise), tmp_path / "noise.html"
    (run,) = invoke_on(here.settings, here.catalog, "feasibility", monkeypatch)
    said = run(FLIGHTS, "--html", str(page))
    assert said.exit_code == 1
    assert f"{FLIGHTS}: no-go" in said.stdout
    assert "not certainly better than the baseline" in said.stdout
    assert "<script" not in page.read_text()
    assert page.read_text().count("<svg") == 2


def test_too_few_rows_are_waited_for_and_json_has_the_figures(made_up, monkeypatch):
    here = made_up(lambda rows: rows[rows["day"] >= HISTORY.last - timedelta(days=20)])
    (run,) = invoke_on(here.settings, here.catalog, "feasibility", monkeypatch)
    said = run(FLIGHTS, "--json")
    assert said.exit_code == 1
    found = json.loads(said.stdout)
    assert found["verdict"] == "wait"
    assert "There are 21 days with labelled rows" in found["reasons"][0]
    assert found["study"]["history"]["rows"] == 21 * 60


def test_a_label_that_is_no_class_of_the_model_is_named(here, catalog, tmp_path):
    model = specify_classes(catalog.model(FLIGHTS))
    rows = make_rows(model, HISTORY)
    rows.loc[rows.index[-1], "label"] = "cancelled"
    publish_history(here, model, rows)
    ours = write_catalog(tmp_path, model).model_copy(update={"datasets": catalog.datasets})
    with pytest.raises(FeasibilityError, match="flight_status: the label 'cancelled' is not declared"):
        make_study(Installation(here, ours), model.name)


def test_without_features_the_error_names_the_command_to_run(here, catalog):
    migrate(here.records)
    with pytest.raises(FeasibilityError, match=r"`contender load flight_delay FIRST\.\.LAST`"):
        make_study(Installation(here, catalog), FLIGHTS)


def test_deliveries_after_predictions_are_needed_are_waited_for(made_up):
    here = made_up()
    model = here.catalog.model(FLIGHTS).model_copy(update={"scored_by": time(9, 0)})
    late = Installation(
        here.settings,
        here.catalog.model_copy(update={"models": {**here.catalog.models, FLIGHTS: model}}),
    )
    for number in range(10):  # departures are due at 07:30 of the next morning
        day = HISTORY.last - timedelta(days=number)
        at = datetime.combine(day + timedelta(days=1), time(9 if number < 3 else 7, 40), UTC)
        record_delivery(late, day, at)
    kept = keep_feasibility(late, FLIGHTS, 100_000)
    assert kept.verdict == "wait"
    assert kept.reasons == (
        "3 of 10 recorded deliveries of datasets.departures arrived after their predictions had to be there.",
    )
    assert "Feasibility of flight_delay: wait" in Path(kept.report).read_text()


def record_delivery(here: Installation, day: date, at: datetime) -> None:
    here.book.gates.add(
        GateResult(
            id=f"departures {day}",
            table="datasets.departures",
            owner="flight-data@contender.example",
            days=Days.one(day),
            run="made up",
            verdict="pass",
            rows=900,
            fingerprint=str(day),
            expectations=(),
            at=at,
        )
    )
