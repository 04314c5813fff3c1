"""Many rows are predicted in parts, which takes less time and gives the same bits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from contender.measures import PredictionError, predict, predicting
from contender.settings import PROJECT
from contender.specs import load_catalog

MODEL = load_catalog(PROJECT / "include" / "catalog").model("flight_delay")
CHANCE = np.random.default_rng(3)
ROWS = pd.DataFrame({"hour": CHANCE.integers(0, 24, 4_000), "late": CHANCE.random(4_000)})
LABELS = (ROWS["hour"] > 12).to_numpy() ^ (ROWS["late"] > 0.8).to_numpy()
PIPELINES = {
    "one-hot": make_pipeline(OneHotEncoder(), LogisticRegression()).fit(ROWS[["hour"]], LABELS),
    "trees": make_pipeline(HistGradientBoostingClassifier(max_iter=5)).fit(ROWS[["hour", "late"]], LABELS),
}
FEATURES = {"one-hot": ["hour"], "trees": ["hour", "late"]}


class Seen:
    """A pipeline that notes how many rows it gets."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        self.rows.append(len(rows))
        chance = rows["late"].to_numpy()
        return np.column_stack([1 - chance, chance])


@pytest.fixture
def in_parts(monkeypatch):
    monkeypatch.setattr(predicting, "ROWS_AT_ONCE", 1_000)


@pytest.mark.parametrize("name", PIPELINES)
@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 4_000), at_once=st.integers(1, 4_000))
def test_parts_of_any_size_give_the_bits_of_all_rows_at_once(name, rows, at_once):
    some, features, pipeline = ROWS[:rows], FEATURES[name], PIPELINES[name]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(predicting, "ROWS_AT_ONCE", at_once)
        found = predict(MODEL, pipeline, some, features)
    assert np.array_equal(found, pipeline.predict_proba(some[features])[:, 1])


@pytest.mark.parametrize(
    ("rows", "parts"), [(999, [999]), (1_000, [1_000]), (2_500, [1_000, 1_000, 500]), (0, [0])]
)
def test_a_pipeline_gets_a_limited_number_of_rows_at_a_time(in_parts, rows, parts):
    pipeline = Seen()
    assert len(predict(MODEL, pipeline, ROWS[:rows], ["late"])) == rows
    assert pipeline.rows == parts


def test_an_error_in_the_last_part_is_one_of_all_rows(in_parts):
    known = PIPELINES["one-hot"]
    rows = ROWS.assign(hour=[0] * 3_999 + [99])
    with pytest.raises(PredictionError, match=r"ValueError: Found unknown categories \[(np.int64\()?99"):
        predict(MODEL, known, rows, ["hour"])
