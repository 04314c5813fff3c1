"""Value the served predictions of a day once its outcomes are known, beside the baseline's and an older version's."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd
from sklearn.pipeline import Pipeline

from contender.accounting.worth import worth
from contender.installation import Installation
from contender.lake import read_examples
from contender.measures import PredictionError, Predictions, choose_loss, kind_of, predict, read_scores
from contender.records import DayReturn
from contender.registry import UnknownVersion
from contender.specs import Days, ModelSpec

log = logging.getLogger(__name__)

WEEK = timedelta(days=7)


def keep_return(installation: Installation, model: ModelSpec, night: date) -> DayReturn | None:
    """Store and return what the predictions of the day were worth whose labels became known in a night.

    None if nothing was predicted, or no outcome is known. A day that is already valued does not change.
    """
    assert model.value is not None, "the contract says what predictions are worth"
    day = model.matured_days(Days.one(night)).last
    rows = read_known(installation, model, day)
    if rows.empty:
        log.info(
            "%s %s: nothing to value, since nothing was predicted, or no outcome is known", model.name, day
        )
        return None
    value, loss = model.value, choose_loss(model, installation.catalog.model_home(model.name))
    outcomes = kind_of(model).encode(rows["label"])

    def of(predictions: Predictions | None) -> float | None:
        return None if predictions is None else worth(value, loss, outcomes, predictions)

    version = int(rows["model_version"].iloc[0])
    registry, name = installation.registry, model.name
    baseline = _predict(model, registry.load_baseline(name, version), rows, model.baseline_features)
    before = find_version_before(installation, model, day, version)
    again = None if before is None else _predict_again(installation, model, before, rows)
    found = DayReturn(
        model=name,
        day=day,
        night=night,
        rows=len(rows),
        version=version,
        value=worth(value, loss, outcomes, read_scores(model, rows)),
        baseline_value=of(baseline),
        before=before,
        before_value=of(again),
    )
    return installation.book.returns.add(found)


def read_known(installation: Installation, model: ModelSpec, day: date) -> pd.DataFrame:
    """Return the predicted rows of a day whose outcome is known: keys, features, scores, version and label."""
    one, key = Days.one(day), list(model.row_key)
    served: pd.DataFrame = installation.lake.read(model.prediction_contract, one).to_pandas()
    examples = read_examples(installation.lake, model, one, pins=())
    return served.merge(examples, on=key, how="inner", validate="one_to_one")


def find_version_before(installation: Installation, model: ModelSpec, day: date, version: int) -> int | None:
    """Return the version that served a week before the one that served a day; None if it is the same, or none did."""
    scored_in = day - timedelta(days=model.horizon_days)
    before = installation.book.ledger.served_on(model.name, scored_in - WEEK)
    return None if before == version else before


def _predict_again(
    installation: Installation, model: ModelSpec, version: int, rows: pd.DataFrame
) -> Predictions | None:
    try:
        trained = installation.registry.version(model.name, version)
        pipeline = installation.registry.load(model.name, version)
    except UnknownVersion as error:
        log.warning("no value of the version before: %s", error)
        return None
    return _predict(model, pipeline, rows, trained.features)


def _predict(
    model: ModelSpec, pipeline: Pipeline, rows: pd.DataFrame, features: Sequence[str]
) -> Predictions | None:
    try:
        return predict(model, pipeline, rows, features)
    except (PredictionError, KeyError) as error:  # a feature that the model had then may be gone
        log.warning("%s: no value to compare with: %s", model.name, error)
        return None
