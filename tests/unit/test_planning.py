"""The rules of a planned night: which night is next, what has arrived, what was edited, and how long it takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.planning.changes import (
    PastRecipe,
    compare_contract,
    compare_recipe,
    find_newest,
    find_withdrawn,
)
from contender.planning.costs import NIGHTS, NightTimes, estimate_costs
from contender.planning.deliveries import SeenInput, judge_input
from contender.planning.nights import Progress, explain_other_night, find_next_night, note_unfinished
from contender.planning.rows import count_rows, join_rows
from contender.specs import Days, Recipe, expected_at
from tests.unit.judged import version

DAY = date(2013, 9, 1)
NOON = datetime(2013, 9, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def day(number: int) -> date:
    return date(2013, 9, number)


@pytest.mark.parametrize(
    ("progress", "nightly_from", "following"),
    [
        (Progress(), None, None),
        (Progress(), day(5), day(5)),
        (Progress(delivered=day(3)), None, day(3)),
        (Progress(delivered=day(4), built=day(3)), None, day(3)),
        (Progress(delivered=day(4), built=day(4), trained=day(3)), None, day(4)),
        (Progress(built=day(4), trained=day(3), scored=day(4)), None, day(5)),
        (Progress(built=day(4), trained=day(4), scored=day(4)), day(2), day(5)),
        (Progress(built=day(4), trained=day(4), scored=day(4)), day(9), day(9)),
    ],
)
def test_the_next_night_follows_the_newest_scored_or_trained_one(progress, nightly_from, following):
    assert find_next_night(progress, nightly_from) == following


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        (day(4), "night 2013-09-04 is over; the next one is 2013-09-05"),
        (day(6), "2013-09-05 comes first"),
        (day(8), "2013-09-05..2013-09-07 comes first"),
    ],
)
def test_a_night_that_is_not_next_is_explained(asked, note):
    assert note in explain_other_night(asked, day(5))


def test_the_next_night_needs_no_explanation():
    assert explain_other_night(day(5), day(5)) is None
    assert explain_other_night(day(5), None) is None


@pytest.mark.parametrize(
    ("trained", "scored", "missing"),
    [
        (3, 4, "night 2013-09-04 has no output of retrain__m"),
        (4, 3, "night 2013-09-04 has no output of score__m"),
    ],
)
def test_a_night_that_is_half_done_is_named(trained, scored, missing):
    assert note_unfinished("m", Progress(trained=day(trained), scored=day(scored))).startswith(missing)


@pytest.mark.parametrize(
    "progress", [Progress(), Progress(trained=day(3)), Progress(trained=day(3), scored=day(3))]
)
def test_a_night_that_is_done_needs_no_note(progress):
    assert note_unfinished("m", progress) is None


def seen(**changes: object) -> SeenInput:
    arrived = {
        "table": "datasets.sales",
        "day": Days.one(DAY),
        "expected_at": NOON - HOUR,
        "due": NOON,
        "published": False,
        "failed": False,
    }
    return SeenInput(**(arrived | changes))


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"published": True, "failed": True, "landed": True}, "published"),
        ({"failed": True, "landed": True}, "quarantined"),
        ({"landed": True}, "landed"),
        ({"closed": True, "landed": False}, "closed"),
        ({}, "overdue"),
        ({"due": NOON + HOUR}, "expected"),
        ({"due": None}, "expected"),
    ],
)
def test_an_input_has_one_state(changes, state):
    assert judge_input(seen(**changes), NOON).state == state


@pytest.mark.parametrize(
    ("dataset", "at"), [("departures", "2013-09-02 07:30"), ("schedule", "2013-09-01 07:00")]
)
def test_a_delivery_is_expected_on_the_morning_after_its_day_or_earlier_by_its_lead(catalog, dataset, at):
    spec = catalog.dataset(dataset)
    found = expected_at(spec, DAY)
    assert (f"{found:%Y-%m-%d %H:%M}", found.tzinfo) == (at, UTC)


@pytest.fixture
def model(catalog):
    return catalog.model("flight_delay")


def past(model, recipe: Recipe, **changes: object) -> PastRecipe:
    made = version(3, recipe="old").model_copy(
        update={
            "recipe": recipe.name,
            "features": model.seen_by(recipe),
            "sources": {"features.py": "f1", "estimator.py": "e1"},
        }
        | changes
    )
    return PastRecipe(version=made, contract=model.model_dump_json())


SOURCES = {"features.py": "f1", "estimator.py": "e1"}


def test_a_recipe_without_a_version_is_new(model):
    assert compare_recipe(model, model.recipes[0], "new", SOURCES, None).state == "new"


def test_a_recipe_with_the_same_fingerprint_is_unchanged(model):
    before = past(model, model.recipes[0])
    assert (
        compare_recipe(model, model.recipes[0], "old", SOURCES | {"features.py": "f2"}, before).state
        == "unchanged"
    )


@pytest.mark.parametrize(
    ("edit", "sources", "differences"),
    [
        ({"window_days": 90}, {}, ("window_days: 365 -> 90",)),
        ({"parameters": {"max_iter": 80}}, {}, None),
        ({"half_life_days": 30.0}, {}, ("half_life_days: not set -> 30.0",)),
        ({"features": ("seats",)}, {}, None),
        ({}, {"features.py": "f2"}, ("features.py",)),
        ({}, {"estimator.py": "e2"}, ("estimator.py",)),
        ({}, {"linear.py": "l2"}, ("its fingerprint differs",)),
    ],
)
def test_an_edited_recipe_names_what_differs(model, edit, sources, differences):
    recipe = model.recipes[0]
    now = recipe.model_copy(update=edit)
    change = compare_recipe(model, now, "new", SOURCES | sources, past(model, recipe))
    assert change.state == "edited"
    if differences is not None:
        assert change.differences == differences


def test_removed_parameters_and_features_are_named(model):
    recipe = model.recipes[0]
    now = recipe.model_copy(update={"parameters": {"max_iter": 80}, "features": ("seats",)})
    differences = compare_recipe(model, now, "new", SOURCES, past(model, recipe)).differences
    assert "parameters.learning_rate: 0.05 -> not set" in differences
    assert any(line.startswith("features: -airline") for line in differences)


def test_a_recipe_of_an_unstored_contract_is_edited_all_the_same(model):
    before = past(model, model.recipes[0]).model_copy(update={"contract": None})
    now = model.recipes[0].model_copy(update={"window_days": 90})
    assert compare_recipe(model, now, "new", SOURCES, before).differences == ("its fingerprint differs",)


def test_a_recipe_that_was_withdrawn_long_ago_is_not_named(model):
    old = Recipe(name="forest", window_days=9)
    last = [past(model, model.recipes[0], night=day(4)), past(model, old, night=day(4))]
    assert find_withdrawn(model, last) == ("forest",)
    assert find_withdrawn(model, [last[0], past(model, old, night=day(1))]) == ()
    assert find_withdrawn(model, []) == ()


def test_a_strategy_is_not_withdrawn_when_a_break_ends(model):
    assert find_withdrawn(model, [past(model, model.strategies[0])]) == ()


def test_changed_fields_of_the_contract_are_named_without_the_recipes(model):
    now = model.model_copy(update={"horizon_days": 2, "recipes": model.recipes[:1]})
    assert compare_contract(now, past(model, model.recipes[0])) == ("horizon_days",)
    assert compare_contract(now, None) == ()


def test_the_newest_version_is_that_of_any_recipe(model):
    both = [past(model, model.recipes[0]), past(model, model.recipes[1], version=7)]
    assert find_newest(both) is both[1]
    assert find_newest([]) is None


def at(hours: float) -> datetime:
    return NOON + hours * HOUR


def night_times(number: int, **changes: object) -> NightTimes:
    usual = {
        "night": day(1) + timedelta(days=number),
        "delivered": at(0),
        "built": at(1),
        "decided": at(3),
        "scored": at(1.5),
        "versions": 2,
    }
    return NightTimes(**(usual | changes))


def test_a_cost_is_the_median_of_comparable_nights():
    nights = [night_times(n, decided=at(1 + n)) for n in range(1, 4)]
    features, training, scoring = estimate_costs(nights, 2)
    assert (features.seconds, training.seconds, scoring.seconds) == (3600, 7200, 1800)
    assert (training.nights, training.first, training.last) == (3, day(2), day(4))


@pytest.mark.parametrize(
    "changes",
    [
        {"decided": None},
        {"built": None},
        {"versions": 5},
        {"versions": None},
        {"built": at(9)},
        {"decided": at(99)},
    ],
)
def test_a_night_that_is_not_comparable_gives_no_cost(changes):
    training = estimate_costs([night_times(1, **changes)], 2)[1]
    assert (training.seconds, training.nights, training.first) == (None, 0, None)


def test_only_the_newest_nights_count():
    slow = [night_times(n, built=at(2.9)) for n in range(NIGHTS)]
    fast = [night_times(NIGHTS + n) for n in range(NIGHTS)]
    features = estimate_costs([*fast, *slow], 2)[0]
    assert (features.seconds, features.nights) == (3600, NIGHTS)


def test_days_that_are_not_known_yet_count_as_the_mean_of_recent_ones():
    rows = {day(1): 10, day(2): 20}
    assert count_rows(rows, Days(first=day(1), last=day(2))) == 30
    assert count_rows(rows, Days(first=day(2), last=day(4))) == 50
    assert count_rows({}, Days.one(day(1))) is None
    assert count_rows({day(4): 10}, Days.one(day(3))) is None


@given(
    st.dictionaries(st.integers(1, 20), st.integers(0, 99)),
    st.dictionaries(st.integers(1, 20), st.integers(0, 99)),
)
def test_labelled_rows_are_at_most_those_of_either_table(features, labels):
    joined = join_rows(
        {day(n): rows for n, rows in features.items()}, {day(n): rows for n, rows in labels.items()}
    )
    assert joined == {day(n): min(features[n], labels[n]) for n in features.keys() & labels.keys()}
