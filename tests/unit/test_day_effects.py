"""Outcomes that contradict predicted probabilities are found apart from what a whole day has in common."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.measures import encode_effects
from contender.measures.day_effects import estimate_inverted, estimate_inverted_high
from contender.specs import Column, Monitoring
from contender.specs.monitoring import check_day_effects

ROWS = 20_000
EFFECTS = ("airport", "hour")


def logistic(scores):
    return 1 / (1 + np.exp(-scores))


def flights(rows: int = ROWS, seed: int = 1) -> pd.DataFrame:
    """Departures with their predicted probability, which is right on a usual day."""
    random = np.random.default_rng(seed)
    hour = random.integers(5, 23, rows).astype(float)
    score = logistic(random.normal(-1.7, 0.8, rows) + 0.05 * (hour - 14))
    return pd.DataFrame({"airport": random.choice(["EWR", "JFK", "LGA"], rows), "hour": hour, "score": score})


def fly(day: pd.DataFrame, disturbance=0.0, inverted: float = 0.0) -> np.ndarray:
    """The outcomes of a day, with a disturbance in log-odds, and a share of inverted outcomes."""
    random = np.random.default_rng(2)
    odds = np.log(day["score"] / (1 - day["score"])) + disturbance
    outcomes = random.random(len(day)) < logistic(odds)
    return np.where(random.random(len(day)) < inverted, ~outcomes, outcomes).astype(float)


def share(day: pd.DataFrame, outcomes: np.ndarray, columns=EFFECTS) -> float:
    return estimate_inverted(outcomes, day["score"].to_numpy(), encode_effects(day, columns))


def storm(day: pd.DataFrame):
    """Newark is worst, and the later the worse."""
    return 1.0 + 1.2 * (day["airport"] == "EWR") + 0.15 * (day["hour"] - 14)


def test_no_outcome_looks_inverted_if_predictions_are_right():
    day = flights()
    assert share(day, fly(day)) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("inverted", [0.05, 0.15, 0.3])
def test_inverted_outcomes_are_counted(inverted):
    day = flights()
    assert share(day, fly(day, inverted=inverted), ()) == pytest.approx(inverted, rel=0.5)


def test_a_storm_looks_like_no_inverted_outcomes_once_its_effects_are_removed():
    day = flights()
    outcomes = fly(day, storm(day))
    assert abs(share(day, outcomes)) < 0.01
    assert abs(share(day, outcomes, ())) > abs(share(day, outcomes))


def test_inverted_outcomes_are_found_on_the_day_of_a_storm():
    day = flights()
    calm = share(day, fly(day, storm(day)))
    assert share(day, fly(day, storm(day), inverted=0.15)) > calm + 0.02


def test_inverted_outcomes_of_the_higher_predictions_are_found_among_them():
    day = flights()
    upper = day["score"] >= day["score"].median()
    outcomes = np.where(upper, fly(day, inverted=0.3), fly(day))
    scores, effects = day["score"].to_numpy(), encode_effects(day, EFFECTS)
    assert estimate_inverted_high(fly(day), scores, effects) == pytest.approx(0, abs=0.03)
    assert estimate_inverted_high(outcomes, scores, effects) > 0.1


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_days_with_a_single_outcome_have_a_finite_share(outcome):
    day = flights(50)
    assert np.isfinite(share(day, np.full(len(day), outcome)))


def test_equal_predictions_are_not_contradicted():
    day = flights(200).assign(score=0.2)
    assert share(day, fly(day), ()) == 0


@given(st.lists(st.sampled_from([0.0, 1.0, 5.0, np.nan, np.inf, -np.inf, 1e300]), min_size=2, max_size=40))
def test_effects_are_finite_whatever_a_column_holds(values):
    rows = pd.DataFrame({"number": values, "text": [None if v == 0 else str(v) for v in values]})
    encoded = encode_effects(rows, ("number", "text"))
    assert len(encoded) == len(rows)
    assert np.isfinite(encoded).all()


def test_day_effects_name_a_column_of_a_usable_type():
    columns = (
        Column(name="airport", type="string", description="where"),
        Column(name="at", type="timestamp", description="when"),
    )
    check_day_effects(Monitoring(day_effects=("airport",)).day_effects, columns)
    with pytest.raises(ValueError, match=r"day_effects: 'at' .*: use one of airport"):
        check_day_effects(("at",), columns)
