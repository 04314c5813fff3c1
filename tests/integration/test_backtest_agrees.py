"""A backtest makes the same decisions as the steps of the DAGs with a real registry, book and lake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd
import pytest

from contender.backtesting import PolicyResult, read_history, run_backtest
from contender.evaluating import EvaluationError
from contender.featurizing import collect, plan_features, run_in_process
from contender.ingesting import land
from contender.installation import Installation
from contender.records import Decision, TrainedVersion, migrate
from contender.retraining import InstalledStores
from contender.settings import Settings
from contender.specs import Days, Guards, Race, Recipe
from contender.training import TrainingError
from demo import source
from demo.source.groceries import SOURCE as GROCERIES
from tests.integration.made_up import copy_catalog, make_flights, publish, run_night

FLIGHT_NIGHTS = Days(first=date(2013, 2, 10), last=date(2013, 2, 27))
UNLABELLED = Days(first=date(2013, 2, 14), last=date(2013, 2, 15))
GROCERY_NIGHTS = Days(first=date(2017, 4, 1), last=date(2017, 4, 9))
# So few that the rival is promoted within two weeks.
FEW_TREES = {"max_iter": 2, "learning_rate": 0.1, "max_leaf_nodes": 4, "min_samples_leaf": 20}


class Both(NamedTuple):
    """The same nights, run by the steps of the DAGs and by the backtest."""

    dags: tuple[Decision, ...]
    dag_versions: Mapping[int, TrainedVersion]
    backtest: PolicyResult
    backtest_versions: Mapping[int, TrainedVersion]
    failed: tuple[str, ...]


def live_both(place: InstalledStores, nights: Days, arrive: Callable[[date], None]) -> Both:
    """Run the nights with the steps of the DAGs, as data arrives, and then the backtest on all of it."""
    for night in nights.each():
        arrive(night)
        try:
            run_night(place, night)
        except (TrainingError, EvaluationError):
            continue
    entries = place.installation.book.ledger.newest(place.model.name, limit=1000)
    decisions = tuple(entry.decision for entry in reversed(entries))
    numbers = {number for d in decisions for number in (d.champion_before, d.champion_after, d.challenger)}
    lived = run_backtest(
        place.installation.catalog,
        place.model,
        read_history(place.model, nights, place.installation.lake),
        nights,
        ["ours"],
    )
    return Both(
        decisions,
        {
            number: place.installation.registry.version(place.model.name, number)
            for number in numbers
            if number
        },
        lived.results[0],
        {version.version: version for version in lived.versions},
        lived.failed,
    )


def installed(catalog, model, here: Settings) -> InstalledStores:
    migrate(here.records)
    return InstalledStores(Installation(here, catalog), model)


@pytest.fixture(scope="module")
def flights(tmp_path_factory) -> Both:
    """A first recipe that knows two days and a rival that knows all; two days whose outcomes never come."""
    catalog = copy_catalog(tmp_path_factory.mktemp("made_up") / "catalog")
    shipped = catalog.model("flight_delay")
    model = shipped.model_copy(
        update={
            "recipes": (
                Recipe(name="two_days", window_days=2, parameters=FEW_TREES),
                Recipe(name="linear", estimator="linear", window_days=365, parameters={"C": 0.1}),
            ),
            "evaluation_days": 2,
            "guards": Guards(max_disagreement=0.3, max_loss_increase=0.2, max_calibration_error=0.3),
            "race": Race(alpha=0.99, still_days=3),
        }
    )
    place = installed(catalog, model, Settings(home=tmp_path_factory.mktemp("flights") / "home"))
    rows = make_flights(
        model, Days(first=date(2013, 1, 20), last=FLIGHT_NIGHTS.last + timedelta(days=1)), 120
    )
    labelled = rows[[day not in UNLABELLED for day in rows["day"]]]

    def arrive(night: date) -> None:
        since = rows["day"].min() if night == FLIGHT_NIGHTS.first else night
        tomorrow = night + timedelta(days=1)
        features = rows[(rows["day"] >= since) & (rows["day"] <= tomorrow)]
        publish(place.installation.lake, model.feature_contract, features, place.installation.settings)
        known = labelled[(labelled["day"] >= since) & (labelled["day"] <= night)]
        if len(known):
            publish(place.installation.lake, model.label_contract, known, place.installation.settings)

    return live_both(place, FLIGHT_NIGHTS, arrive)


@pytest.fixture(scope="module")
def groceries(catalog, tmp_path_factory) -> Both:
    """Real baskets, features built by DuckDB, and outcomes that are known a week later."""
    model = catalog.model("household_return")
    here = Settings(home=tmp_path_factory.mktemp("groceries") / "home", engine="duckdb")
    place = installed(catalog, model, here)
    tables = build_groceries(place, Days(first=date(2017, 2, 25), last=GROCERY_NIGHTS.last))
    contracts = {"features": model.feature_contract, "labels": model.label_contract}

    def arrive(night: date) -> None:
        for name, contract in contracts.items():
            newest = (model.scored_days if name == "features" else model.matured_days)(Days.one(night)).last
            rows = tables[name]
            known = rows["day"] <= newest if night == GROCERY_NIGHTS.first else rows["day"] == newest
            publish(place.installation.lake, contract, rows[known], here)

    return live_both(place, GROCERY_NIGHTS, arrive)


def build_groceries(place: InstalledStores, nights: Days) -> dict[str, pd.DataFrame]:
    """Return the features and labels of all nights; that a night built alone has the same rows is tested elsewhere."""
    installation, model = place.installation, place.model
    delivered = Days(first=date(2017, 1, 1), last=nights.last)
    source.drop_reference(installation.settings.landing, [GROCERIES])
    for given in model.inputs:
        spec = installation.catalog.dataset(given.name)
        if spec.kind == "daily":
            source.drop(spec.name, delivered.each(), installation.settings.landing)
        batch = land(spec, delivered, installation.settings)
        installation.lake.publish(spec.contract, batch)
    plan = plan_features(installation.catalog, model, nights, installation.lake, installation.settings)
    run_in_process(plan)
    return {
        name: pd.concat([pd.read_parquet(file.path) for file in batch.files], ignore_index=True)
        for name, batch in collect(model, plan, installation.settings).items()
    }


@pytest.fixture(params=["flights", "groceries"])
def both(request) -> Both:
    return request.getfixturevalue(request.param)


def named(number: int | None, versions: Mapping[int, TrainedVersion]) -> tuple[str, date] | None:
    return None if number is None else (versions[number].recipe, versions[number].night)


def told(decisions, versions):
    return [
        (
            decision.night,
            decision.kind,
            *(
                named(number, versions)
                for number in (decision.champion_before, decision.champion_after, decision.challenger)
            ),
            *((reason.guard, reason.passed) for reason in decision.reasons),
            *((e.question, e.rival, e.days, e.since, e.enough) for e in decision.evidence),
        )
        for decision in decisions
    ]


# A backtest has no book to ask about gates, and two runs never take equally long.
OF_THE_NIGHT = ("gates", "latency")


def figures(decisions) -> list[list[float]]:
    return [
        [
            *(
                figure
                for reason in d.reasons
                if reason.guard not in OF_THE_NIGHT
                for figure in (reason.observed, reason.bound)
                if figure is not None
            ),
            *(figure for e in d.evidence for figure in (e.value, e.bar)),
        ]
        for d in decisions
    ]


def test_decisions_versions_and_guard_results_are_the_same(both):
    assert told(both.backtest.decisions, both.backtest_versions) == told(both.dags, both.dag_versions)


def test_guards_and_evidence_have_the_same_figures(both):
    for backtest, dags in zip(figures(both.backtest.decisions), figures(both.dags), strict=True):
        assert backtest == pytest.approx(dags, rel=1e-9, abs=1e-12)


def test_versions_were_fitted_on_the_same_rows(both):
    def fits(versions):
        return {
            (v.recipe, v.night): (v.trained_on, v.rows, v.days_with_rows, v.mean_label, v.recipe_fingerprint)
            for v in versions.values()
        }

    of_backtest, of_dags = fits(both.backtest_versions), fits(both.dag_versions)
    assert {name: of_backtest[name] for name in of_dags} == of_dags


def test_the_flights_cover_missing_labels_a_crash_a_promoted_rival_and_an_older_version(flights):
    nights = [decision.night for decision in flights.dags]
    assert UNLABELLED.last not in nights
    assert f"{UNLABELLED.last}: no labelled rows from {UNLABELLED.first} to {UNLABELLED.last}" in "".join(
        flights.failed
    )
    assert any("'two_days' could not be fitted" in line for line in flights.failed)
    kinds = {decision.kind for decision in flights.dags}
    assert kinds == {"first", "refreshed", "held", "promoted"}
    assert {e.question for decision in flights.dags for e in decision.evidence} == {"race", "still"}


def test_the_groceries_have_evidence_from_outcomes_of_a_week_ago(groceries):
    assert groceries.dags[0].kind == "first"
    assert [e.days for e in groceries.dags[-1].evidence]
