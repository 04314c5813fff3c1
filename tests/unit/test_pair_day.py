"""A day's streams are compared on the rows that both have."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from contender.evaluating import pair_day
from contender.evaluating.pair import _score_by_baseline
from contender.measures import choose_loss
from contender.settings import PROJECT
from contender.specs import load_catalog
from tests.integration.made_up import publish
from tests.unit.judged import version
from tests.unit.served import fit_strict, row_of

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


def test_a_baseline_that_cannot_predict_a_day_loses_to_every_version(installation, caplog):
    model = MODEL.model_copy(update={"baseline_features": ("airline", "dep_hour")})
    strict = fit_strict(model)
    installation.registry.register(version(1), "fit", strict, strict, parameters={}, requirements=[])
    ours = scored("ours", {1: 1.0, 2: 0.0})
    features = pd.DataFrame([row_of(model) | {"airline": "XX"}] * 2).assign(**ours[[*model.row_key]])
    publish(installation.lake, model.feature_contract, features, installation.settings, gated=False)
    assert list(_score_by_baseline(installation, model, DAY, ours)) == [0.0, 1.0]
    assert "the baseline of version 1 cannot predict 2013-09-01: ValueError: Found unknown" in caplog.text
