"""Published predictions are compared row by row with those that their version makes again."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from contender.monitoring.skew import compare_scores

DAY = date(2013, 9, 1)


@pytest.fixture
def model(catalog):
    return catalog.model("flight_delay")


def served(rows: int = 100) -> pd.DataFrame:
    flights = pd.DataFrame({"day": DAY, "carrier": "AA", "flight": range(rows), "origin": "JFK"})
    return flights.assign(score=np.linspace(0.01, 0.9, rows), model_version=3)


def test_the_same_predictions_do_not_differ_in_any_order(model):
    found = compare_scores(model, served(), served().sample(frac=1, random_state=1))
    assert (found.version, found.rows, found.differing) == (3, 100, 0)


def test_the_last_bits_of_a_sum_do_not_matter(model):
    assert (
        compare_scores(model, served(), served().assign(score=served()["score"] * (1 + 1e-12))).differing == 0
    )


@pytest.mark.parametrize("score", [np.linspace(0.9, 0.01, 100), 0.2, np.nan])
def test_shuffled_constant_and_missing_predictions_differ(model, score):
    assert compare_scores(model, served().assign(score=score), served()).differing == 100


def test_rows_without_a_counterpart_differ(model):
    found = compare_scores(model, served().head(90), served().tail(90))
    assert (found.rows, found.differing) == (100, 20)


def test_each_score_of_a_row_counts(model):
    several = model.model_copy(update={"predicts": "class", "classes": ("early", "late")})
    names = list(several.score_names)
    day = served().assign(**dict.fromkeys(names, 0.5))
    assert compare_scores(several, day, day.assign(**{names[1]: 0.4})).differing == 100
