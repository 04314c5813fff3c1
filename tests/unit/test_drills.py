"""Drills change the stated share of real rows from a day on, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contender.drilling import DRILLS, Case, DrillError, open_case, plan_drill
from contender.drilling.changes import BREAK_DAYS
from contender.drilling.plan import check_changed
from contender.specs import Days, ModelSpec
from tests.integration.made_up import make_flights, specify
from tests.made_up_kinds import make_rows, specify_classes, specify_quantiles

DAYS = Days(first=date(2013, 1, 1), last=date(2013, 4, 18))
START = date(2013, 3, 20)
KINDS = ("probability", "quantity", "class", "quantiles")
CHANGING = tuple(name for name in DRILLS if name != "late-labels")


@pytest.fixture(scope="module")
def made(catalog) -> dict[str, tuple[ModelSpec, pd.DataFrame]]:
    """A model of each kind of prediction, with rows and scores."""
    flights = catalog.model("flight_delay")
    numbers = specify(flights, loss="absolute", recipes=flights.recipes[:1])
    of_kinds = {
        "probability": (flights, make_flights(flights, DAYS, 40)),
        "quantity": (
            numbers,
            make_flights(numbers, DAYS, 40).assign(label=lambda rows: rows["label"] * 10.0),
        ),
        "class": (specify_classes(flights), make_rows(specify_classes(flights), DAYS)),
        "quantiles": (specify_quantiles(flights), make_rows(specify_quantiles(flights), DAYS)),
    }
    return {kind: (model, with_scores(model, rows)) for kind, (model, rows) in of_kinds.items()}


def with_scores(model: ModelSpec, rows: pd.DataFrame) -> pd.DataFrame:
    random = np.random.default_rng(1)
    numbers = {c.name: rows[c.name].astype(float) for c in model.features if c.type == "number"}
    return rows.assign(**numbers, **{name: random.random(len(rows)) for name in model.score_names})


def drill(model: ModelSpec, rows: pd.DataFrame, name: str, strength: float | None = None, seed: int = 0):
    """Return the rows from the start on, before and after a drill."""
    its = DRILLS[name]
    strength = its.default_strength(model) if strength is None else strength
    before = rows[rows["day"] < START]
    case = open_case(model, before, strength, seed, its.choose_column(model))
    changed = its.change(rows, START, case)
    return rows[rows["day"] >= START].reset_index(drop=True), changed[changed["day"] >= START].reset_index(
        drop=True
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", DRILLS)
def test_rows_before_the_start_and_the_schema_stay_and_the_same_seed_changes_the_same(made, name, kind):
    model, rows = made[kind]
    its = DRILLS[name]
    case = open_case(
        model, rows[rows["day"] < START], its.default_strength(model), 3, its.choose_column(model)
    )
    once, again = (its.change(rows, START, case) for _ in range(2))
    pd.testing.assert_frame_equal(once, again)
    pd.testing.assert_frame_equal(
        once[once["day"] < START].reset_index(drop=True), rows[rows["day"] < START].reset_index(drop=True)
    )
    assert once.dtypes.equals(rows.dtypes)
    assert not once.duplicated(list(model.row_key)).any() or rows.duplicated(list(model.row_key)).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CHANGING)
def test_rows_from_the_start_on_change(made, name, kind):
    before, after = drill(*made[kind], name)
    assert not before.equals(after)


@settings(max_examples=8, deadline=None)
@given(share=st.floats(0.05, 0.95), seed=st.integers(0, 99))
def test_the_stated_share_of_outcomes_and_values_changes(made, share, seed):
    model, rows = made["probability"]
    before, after = drill(model, rows, "sudden", share, seed)
    assert np.mean(before["label"] != after["label"]) == pytest.approx(share, abs=0.05)
    column = DRILLS["feed"].choose_column(model)
    _, emptied = drill(model, rows, "feed", share, seed)
    assert emptied[column].isna().mean() == pytest.approx(share, abs=0.05)


@settings(max_examples=8, deadline=None)
@given(share=st.floats(0.5, 0.9), seed=st.integers(0, 99))
def test_a_pandemic_loses_the_stated_share_of_the_rows(made, share, seed):
    before, after = drill(*made["probability"], "pandemic", share, seed)
    assert 1 - len(after) / len(before) == pytest.approx(share, abs=0.05)


def test_a_feature_drill_changes_only_its_column(made):
    model, rows = made["probability"]
    for name in ("feed", "tenth", "unit", "constant"):
        before, after = drill(model, rows, name)
        changed = [column for column in before if not before[column].equals(after[column])]
        assert changed == [DRILLS[name].choose_column(model)], name


@pytest.mark.parametrize("kind", ["quantity", "quantiles"])
def test_numbers_are_shifted_by_one_standard_deviation(made, kind):
    model, rows = made[kind]
    before, after = drill(model, rows, "sudden")
    deviation = rows[rows["day"] < START]["label"].std(ddof=0)
    assert (after["label"] - before["label"]).to_numpy() == pytest.approx(deviation)


def test_a_changed_class_is_another_declared_one(made):
    model, rows = made["class"]
    before, after = drill(model, rows, "sudden", 1.0)
    assert (before["label"] != after["label"]).all()
    assert set(after["label"]) <= set(model.classes)


def test_a_gradual_change_grows_day_by_day_to_its_full_share(made):
    before, after = drill(*made["probability"], "gradual", 1.0)
    shares = (before["label"] != after["label"]).groupby(before["day"]).mean()
    assert shares.iloc[0] < 0.2
    assert shares.iloc[19:].eq(1).all()


def test_shuffled_predictions_keep_their_distribution_within_a_day(made):
    model, rows = made["class"]
    before, after = drill(model, rows, "join")
    names = list(model.score_names)
    assert not before[names].equals(after[names])
    for name in names:
        for day, scores in before.groupby("day")[name]:
            assert sorted(scores) == sorted(after[after["day"] == day][name])


def test_after_a_pandemic_that_ends_the_rows_are_as_they_were(made):
    before, after = drill(*made["probability"], "recovery")
    ended = START + timedelta(days=BREAK_DAYS)
    assert len(after[after["day"] < ended]) < len(before[before["day"] < ended])
    pd.testing.assert_frame_equal(
        after[after["day"] >= ended].reset_index(drop=True),
        before[before["day"] >= ended].reset_index(drop=True),
    )


def test_a_borrowed_week_is_a_real_week_under_other_dates(made):
    model, rows = made["probability"]
    _, after = drill(model, rows, "seasonal")
    week = after[after["day"] < START + timedelta(days=7)]
    source = rows[(rows["day"] >= date(2013, 1, 2)) & (rows["day"] < date(2013, 1, 9))]
    assert week.drop(columns="day").equals(source.drop(columns="day").reset_index(drop=True))


def test_another_season_needs_six_weeks_of_rows_before(made):
    model, rows = made["probability"]
    late = rows[rows["day"] >= START - timedelta(days=30)]
    with pytest.raises(DrillError, match="start the drill later, or load more history"):
        DRILLS["seasonal"].change(late, START, Case(model, 26))


def test_a_column_that_the_drill_cannot_change_is_refused_with_those_that_it_can(made):
    model, _ = made["probability"]
    with pytest.raises(DrillError, match="column 'airline': this drill can change one of distance"):
        DRILLS["unit"].choose_column(model, "airline")
    with pytest.raises(DrillError, match="leave the column out"):
        DRILLS["sudden"].choose_column(model, "distance")


def test_a_number_is_made_constant_unless_another_column_is_named(made):
    model, _ = made["probability"]
    assert DRILLS["constant"].choose_column(model) == "distance"
    assert DRILLS["constant"].choose_column(model, "weekday") == "weekday"
    assert DRILLS["constant"].choose_column(model, nth=0) == "airline"


def test_a_column_with_one_value_a_day_cannot_be_made_constant(made):
    model, rows = made["probability"]
    rows = rows.assign(weekday=[day.isoweekday() for day in rows["day"]])
    its, plan = DRILLS["constant"], plan_drill(model, "constant", START, column="weekday")
    changed = its.change(rows, START, open_case(model, rows, 1.0, 0, "weekday"))
    with pytest.raises(DrillError, match=r"no value of column 'weekday' changes.*--column"):
        check_changed(plan, rows, changed)


@pytest.mark.parametrize(("name", "strength"), [("sudden", 0.0), ("sudden", 1.5), ("pandemic", 1.0)])
def test_a_strength_out_of_bounds_is_refused(made, name, strength):
    with pytest.raises(DrillError, match="must be above 0 and at most"):
        DRILLS[name].check_strength(made["probability"][0], strength)


def test_a_model_without_numbers_cannot_have_one_in_another_unit(made):
    model, _ = made["probability"]
    words = model.model_copy(update={"features": tuple(c for c in model.features if c.type != "number")})
    with pytest.raises(DrillError, match="has no feature of type number"):
        DRILLS["unit"].choose_column(words)
