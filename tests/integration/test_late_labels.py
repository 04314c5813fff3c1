"""A model whose labels mature after a week, from real deliveries to the verdict, by the engine's own functions."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from contender.evaluating import evaluate
from contender.featurizing import collect, plan_features, run_in_process
from contender.gating import check
from contender.ingesting import land
from contender.installation import Installation
from contender.lake import open_lake
from contender.monitoring import compare_day, conclude, measure_performance
from contender.promoting import decide_promotion, promote
from contender.records import migrate
from contender.scoring import score, score_in_shadow
from contender.specs import Days
from contender.training import train

DELIVERED = Days(first=date(2017, 1, 1), last=date(2017, 4, 9))
NIGHTS = Days(first=date(2017, 2, 25), last=date(2017, 4, 8))  # the first with a full history
FIRST_NIGHT = date(2017, 4, 1)
SECOND_NIGHT = FIRST_NIGHT + timedelta(days=1)
LAST_NIGHT = DELIVERED.last
WEEK = timedelta(days=7)
JUDGED = []  # what gates said of the lake that all tests share, for the book of each


@pytest.fixture(scope="module")
def model(catalog):
    return catalog.model("household_return")


@pytest.fixture(scope="module")
def chosen(grocer):
    return grocer[0].model_copy(update={"engine": "duckdb"})


@pytest.fixture(scope="module")
def lake(chosen, catalog, model):
    """History in one range, then a night by itself, each through its gates."""
    opened = open_lake(chosen)

    def admit(contract, batch):
        judged = check(contract, batch, "run 1")
        assert judged.verdict == "pass"
        JUDGED.append(judged)
        opened.publish(contract, batch)

    for given in model.inputs:
        spec = catalog.dataset(given.name)
        admit(spec.contract, land(spec, DELIVERED, chosen))
    for nights in (NIGHTS, Days.one(LAST_NIGHT)):
        plan = plan_features(catalog, model, nights, opened, chosen)
        run_in_process(plan)
        batches = collect(model, plan, chosen)
        admit(model.feature_contract, batches["features"])
        admit(model.label_contract, batches["labels"])
    return opened


@pytest.fixture
def installation(here, chosen, catalog) -> Installation:
    """Registry and book of this test alone; lake and deliveries of them all."""
    migrate(here.records)
    shared = {name: getattr(chosen, name) for name in ("landing", "lake", "lake_catalog", "batches")}
    return Installation(here.model_copy(update=shared), catalog)


@pytest.fixture
def refresh(model, lake, installation):
    book = installation.book
    for judged in JUDGED:
        book.gates.add(judged)

    def run(night: date):
        challenger = train(installation, model, model.recipes[0], night)
        evaluation = evaluate(installation, model, challenger)
        decided = [decide_promotion(evaluation, model.guards)]
        (entry,) = promote(decided, installation.book, installation.registry)
        return evaluation, entry.decision

    return run


@pytest.fixture(scope="module")
def sold(lake, catalog) -> pd.DataFrame:
    return lake.read(catalog.dataset("transactions").contract).to_pandas()


def of_day(lake, contract, day: date) -> pd.DataFrame:
    return lake.read(contract, Days.one(day)).to_pandas().set_index("household_id")


def shopped(sold: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    return sold[(sold["day"] >= first) & (sold["day"] <= last)]


def test_the_first_version_beats_the_baseline_and_is_promoted(refresh, registry, model):
    evaluation, decision = refresh(FIRST_NIGHT)
    assert decision.kind == "first"
    assert evaluation.challenger_measures.loss < evaluation.baseline_measures.loss - 0.003
    assert evaluation.challenger_measures.auc > evaluation.baseline_measures.auc + 0.01
    assert registry.champion(model.name).version == decision.challenger


def test_the_next_night_evaluates_champion_and_refresh_on_the_same_rows_and_promotes(refresh):
    refresh(FIRST_NIGHT)
    evaluation, decision = refresh(SECOND_NIGHT)
    assert evaluation.champion_measures.rows == evaluation.challenger_measures.rows
    assert [reason.guard for reason in decision.reasons if not reason.passed] == []
    assert decision.kind == "refreshed"


def test_a_champion_whose_labels_became_known_in_the_evaluated_days_is_not_compared(refresh):
    refresh(SECOND_NIGHT)
    evaluation, decision = refresh(FIRST_NIGHT)
    assert evaluation.champion.trained_on.last < evaluation.judged_on.first
    assert evaluation.champion_measures is None
    assert decision.kind == "held"


def test_a_scored_night_is_measured_a_week_later(refresh, model, lake, installation):
    _, decision = refresh(SECOND_NIGHT)
    batch = score(installation, model, Days.one(SECOND_NIGHT))
    assert check(model.prediction_contract, batch, "run 1").verdict == "pass"
    lake.publish(model.prediction_contract, batch)
    performance = measure_performance(installation, model, LAST_NIGHT)
    monitored = conclude(model, performance, compare_day(installation, model, LAST_NIGHT), (), "run 1")
    assert (performance.day, performance.version) == (SECOND_NIGHT, decision.challenger)
    assert performance.measures.rows == performance.scored_rows == batch.rows
    assert performance.measures.auc > 0.75
    assert (monitored.day, monitored.features_day) == (SECOND_NIGHT, LAST_NIGHT)
    assert (monitored.verdict, monitored.changes) == ("stable", ())


def test_shadow_versions_are_scored_for_the_served_rows(refresh, model, installation):
    _, decision = refresh(FIRST_NIGHT)
    shadow = score_in_shadow(installation, model, {"rival": decision.challenger}, Days.one(FIRST_NIGHT))
    assert (shadow.table, shadow.rows > 1500) == ("shadow.household_return", True)


def test_the_rows_are_the_households_of_the_last_four_weeks(lake, model, sold):
    active = shopped(sold, FIRST_NIGHT - timedelta(days=27), FIRST_NIGHT)["household_id"]
    assert set(of_day(lake, model.feature_contract, FIRST_NIGHT).index) == set(active)


@pytest.mark.parametrize("day", [FIRST_NIGHT, SECOND_NIGHT])
def test_every_scored_row_gets_its_label_once_it_is_known(lake, model, day):
    scored, labelled = (
        of_day(lake, contract, day).index for contract in (model.feature_contract, model.label_contract)
    )
    assert scored.equals(labelled)


@pytest.mark.parametrize("day", [FIRST_NIGHT, SECOND_NIGHT])
def test_a_label_says_whether_the_household_came_back_within_a_week(lake, model, sold, day):
    returned = set(shopped(sold, day + timedelta(days=1), day + WEEK)["household_id"])
    labels = of_day(lake, model.label_contract, day)["label"]
    assert set(labels[labels == 1].index) == returned & set(labels.index)


def test_features_equal_an_independent_computation(lake, model, sold):
    features = of_day(lake, model.feature_contract, FIRST_NIGHT)
    month = shopped(sold, FIRST_NIGHT - timedelta(days=27), FIRST_NIGHT).groupby("household_id")
    eight_weeks = shopped(sold, FIRST_NIGHT - timedelta(days=55), FIRST_NIGHT)
    eight_weeks = eight_weeks[eight_weeks["household_id"].isin(features.index)].groupby("household_id")
    since = month["day"].max().map(lambda day: (FIRST_NIGHT - day).days)
    gaps = eight_weeks["day"].apply(lambda days: pd.Series(sorted(set(days))).diff().iloc[-1])
    weeks = eight_weeks["day"].apply(lambda days: len({(FIRST_NIGHT - day).days // 7 for day in days}))
    assert features["days_since"].equals(since)
    assert features["shopped_28"].equals(month["day"].nunique())
    assert features["baskets_28"].equals(month["basket_id"].nunique())
    assert features["weeks_of_8"].equals(weeks)
    assert features["spend_28"].to_numpy() == pytest.approx(month["sales_value"].sum().to_numpy())
    known = features["gap_before"].dropna()
    assert (known == gaps.map(lambda gap: gap.days)[known.index]).all()
    assert set(features.index[features["gap_before"].isna()]) == set(gaps.index[gaps.isna()])
