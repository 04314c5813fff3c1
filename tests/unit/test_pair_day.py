"""A day's streams are compared on the rows that both have."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from contender.evaluating import pair_day
from contender.measures import choose_loss
from contender.settings import PROJECT
from contender.specs import load_catalog

CATALOG = load_catalog(PROJECT / "include" / "catalog")
MODEL = CATALOG.model("flight_delay")
LOSS = choose_loss(MODEL, CATALOG.model_home(MODEL.name))
DAY = date(2013, 9, 1)


def scored(stream: str, scores: dict[int, float]) -> pd.DataFrame:
    """The predictions of a stream by flight; flights with an odd number were late."""
    rows = [(DAY, "UA", flight, "JFK", stream, 1, score, flight % 2) for flight, score in scores.items()]
    return pd.DataFrame(rows, columns=[*MODEL.row_key, "stream", "model_version", "score", "label"])


@pytest.mark.parametrize(
    ("theirs", "rows", "incumbent_loss", "rival_loss"),
    [
        ({1: 0.5, 2: 0.5}, 2, 0.0, 0.25),
        ({2: 0.5, 1: 0.5}, 2, 0.0, 0.25),
        ({2: 0.5, 3: 1.0}, 1, 0.0, 0.25),
    ],
    ids=["the same rows", "the same rows in another order", "other rows"],
)
def test_losses_are_means_over_the_rows_that_both_streams_have(theirs, rows, incumbent_loss, rival_loss):
    both = pd.concat([scored("ours", {1: 1.0, 2: 0.0}), scored("theirs", theirs)], ignore_index=True)
    (pair,) = pair_day(MODEL, LOSS, DAY, both, "ours")
    assert (pair.rows, pair.incumbent_loss, pair.rival_loss) == (rows, incumbent_loss, rival_loss)
