"""Score the days of some nights: with the champion, and with other versions in shadow."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import pyarrow as pa

from contender.errors import PermanentError
from contender.installation import Installation
from contender.lake import Lake, stage
from contender.measures import PredictionError, predict, split_scores
from contender.records import StagedBatch
from contender.specs import Days, ModelSpec, dag_id

if TYPE_CHECKING:
    from contender.registry import Registry

log = logging.getLogger(__name__)


class ScoringError(PermanentError):
    """The rows cannot be scored; the message says what is missing."""


class NoChampion(ScoringError):  # noqa: N818 - it is a state, not a mistake
    """No version is serving yet."""


class CannotPredict(ScoringError):  # noqa: N818 - it is a state, not a mistake
    """A version cannot predict the rows; predicting them again would not help."""


class _Features(NamedTuple):
    rows: pa.Table
    frame: pd.DataFrame
    snapshot: int
    days: Days


def score(installation: Installation, model: ModelSpec, nights: Days) -> StagedBatch:
    """Stage the champion's predictions for the days that these nights score.

    Raises NoChampion before the first promotion, CannotPredict if the champion cannot predict the rows, and
    ScoringError if the days have no features.
    """
    champion = installation.registry.champion(model.name)
    if champion is None:
        raise NoChampion(
            f"{model.name} has no champion yet: run {dag_id('retrain', model.name)}; the first version that beats the "
            "baseline is promoted"
        )
    features = _features(model, nights, installation.lake)
    scored = _scored(model, champion.version, features, installation.registry)
    return stage(scored, model.prediction_contract, model.scored_days(nights), installation.settings.staging)


def score_in_shadow(
    installation: Installation, model: ModelSpec, streams: Mapping[str, int], nights: Days
) -> StagedBatch:
    """Stage the predictions of other versions for the same days, by stream.

    A version that cannot predict the rows is left out, with a warning in the log. Raises ScoringError if the days have
    no features, and CannotPredict if no version can predict the rows.
    """
    days = model.scored_days(nights)
    features = _features(model, nights, installation.lake)
    parts = []
    failures = []
    for stream, version in streams.items():
        try:
            scored = _scored(model, version, features, installation.registry)
        except CannotPredict as error:
            log.warning("Left out of the shadow predictions: %s", error)
            failures.append(error)
            continue
        place = len(model.row_key)
        parts.append(scored.add_column(place, "stream", pa.array([stream] * scored.num_rows, pa.string())))
    if failures and not parts:
        raise failures[-1]
    return stage(pa.concat_tables(parts), model.shadow_contract, days, installation.settings.staging)


def _features(model: ModelSpec, nights: Days, lake: Lake) -> _Features:
    days = model.scored_days(nights)
    snapshot = lake.snapshot(model.feature_contract.table)
    rows = lake.read(model.feature_contract, days, snapshot=snapshot)
    if snapshot is None or rows.num_rows == 0:
        raise ScoringError(
            f"{model.name}: no features for {days.key}: run {dag_id('features', model.name)} for the night "
            f"{nights.key} first"
        )
    return _Features(rows, rows.to_pandas(), snapshot, days)


def _scored(model: ModelSpec, version: int, features: _Features, registry: Registry) -> pa.Table:
    seen = registry.version(model.name, version).features
    try:
        predictions = predict(model, registry.load(model.name, version), features.frame, seen)
    except PredictionError as error:
        raise CannotPredict(
            f"{model.name}: version {version} cannot predict the rows of {features.days.key}: {error}: let its recipe "
            "accept such values (for a new category, an encoder that ignores unknown ones)"
        ) from error
    count = features.rows.num_rows
    scored = features.rows.select(list(model.row_key))
    for name, scores in split_scores(model, predictions).items():
        scored = scored.append_column(name, pa.array(scores, pa.float64()))
    return scored.append_column("model_version", pa.array([version] * count, pa.int64())).append_column(
        "feature_snapshot", pa.array([features.snapshot] * count, pa.int64())
    )
