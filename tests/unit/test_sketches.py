"""Sketches of training rows estimate how much of the shared days of two fits has changed."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contender.records import HistoryChange, TrainingSketch
from contender.sketches import compare_sketches, count_repeated, sketch_rows
from contender.specs import Column, Days, Input, ModelSpec, Recipe
from tests.unit.judged import version

FIRST = date(2013, 1, 1)
SPAN = Days(first=FIRST, last=FIRST + timedelta(days=59))
MODEL = ModelSpec(
    name="churn",
    description="d",
    owner="a@b.example",
    label="left",
    inputs=(Input(dataset="visits"),),
    keys=(Column(name="customer", type="integer", description="d"),),
    features=(
        Column(name="plan", type="string", description="d"),
        Column(name="spend", type="number", nullable=True, description="d"),
    ),
    recipes=(Recipe(name="trees", window_days=60),),
    baseline_features=("plan",),
)


def make_rows(days: Days = SPAN, a_day: int = 100) -> pd.DataFrame:
    random = np.random.default_rng(5)
    rows = pd.DataFrame({"day": np.repeat(list(days.each()), a_day)})
    size = len(rows)
    return rows.assign(
        customer=np.tile(np.arange(a_day), len(days)),
        plan=random.choice(["basic", "plus", "team"], size, p=[0.7, 0.25, 0.05]),
        spend=np.where(random.random(size) < 0.1, np.nan, random.normal(50, 10, size)),
        label=(random.random(size) < 0.5).astype(int),
    )


ROWS = make_rows()
KNOWN = sketch_rows(MODEL, ROWS)


def compare(rows: pd.DataFrame, known: TrainingSketch = KNOWN, excused=()) -> HistoryChange:
    champion = version(1).model_copy(update={"trained_on": SPAN})
    challenger = version(2).model_copy(update={"trained_on": SPAN})
    found = compare_sketches(sketch_rows(MODEL, rows), known, challenger, champion, excused)
    assert found is not None
    return found


def flip(rows: pd.DataFrame, share: float, seed: int = 1) -> pd.DataFrame:
    flipped = np.random.default_rng(seed).random(len(rows)) < share
    return rows.assign(label=np.where(flipped, 1 - rows["label"], rows["label"]))


def test_unchanged_rows_in_another_order_show_no_change():
    assert max(compare(ROWS.sample(frac=1, random_state=3)).changed.values()) < 1e-9


def test_a_sketch_survives_serialization():
    assert TrainingSketch.model_validate_json(KNOWN.model_dump_json()) == KNOWN


@settings(max_examples=25)
@given(share=st.floats(0.05, 0.5), seed=st.integers(0, 1000))
def test_flipped_labels_are_detected_although_their_mean_is_unchanged(share, seed):
    """Labels are balanced, so flips cancel in the mean; a share f of flips changes 4 f of their variance."""
    assert compare(flip(ROWS, share, seed)).changed["label"] == pytest.approx(4 * share, rel=0.75)


@pytest.mark.parametrize(
    ("what", "poisoned", "at_least"),
    [
        ("spend", ROWS.assign(spend=50.0), 0.5),
        ("spend", ROWS.assign(spend=ROWS["spend"] * 1.1), 0.1),
        ("spend", ROWS.assign(spend=np.nan), 0.5),
        ("plan", ROWS.assign(plan="basic"), 0.1),
        ("rows", ROWS.sample(frac=0.5, random_state=1), 0.4),
        ("rows", ROWS[ROWS["day"] >= FIRST + timedelta(days=30)], 0.4),
        ("rows", pd.concat([ROWS, ROWS.tail(700)]), 0.1),
        ("rows", ROWS.assign(customer=ROWS["customer"] + 1000), 0.5),
    ],
    ids=[
        "a frozen feature",
        "a rescaled feature",
        "a feature that went missing",
        "one category for all",
        "every other row",
        "the older half",
        "the last week twice",
        "other customers",
    ],
)
def test_corrupted_training_rows_are_detected(what, poisoned, at_least):
    assert compare(poisoned).changed[what] >= at_least


def test_a_missing_small_category_is_named():
    assert compare(ROWS[ROWS["plan"] != "team"]).lost == ("plan=team",)


def test_a_correction_of_one_day_of_sixty_is_a_small_change():
    corrected = flip(ROWS, 0.3).where(ROWS["day"] == SPAN.last, ROWS)
    assert 0 < compare(corrected).changed["label"] < 0.05


def test_days_that_a_person_replaced_are_excused():
    corrected = flip(ROWS, 0.3).where(ROWS["day"] == SPAN.last, ROWS)
    found = compare(corrected, excused={SPAN.last})
    assert (found.changed["label"], found.shared_days, found.excused_days) == (0, 59, 1)


def test_days_in_only_one_window_are_not_compared():
    later = Days(first=FIRST + timedelta(days=1), last=SPAN.last + timedelta(days=1))
    rows = pd.concat([ROWS[ROWS["day"] > FIRST], make_rows(Days.one(later.last)).assign(spend=1e6)])
    champion = version(1).model_copy(update={"trained_on": SPAN})
    challenger = version(2).model_copy(update={"trained_on": later})
    found = compare_sketches(sketch_rows(MODEL, rows), KNOWN, challenger, champion)
    assert (found.shared_days, max(found.changed.values())) == (59, 0)


def test_sketches_with_different_signs_are_not_compared():
    other = KNOWN.model_copy(update={"signs": "of another library"})
    champion = version(1).model_copy(update={"trained_on": SPAN})
    assert compare_sketches(KNOWN, other, champion, champion) is None


def test_rows_with_repeated_keys_are_counted():
    assert count_repeated(MODEL, ROWS) == 0
    assert count_repeated(MODEL, pd.concat([ROWS, ROWS.head(3)])) == 3
