"""Scores the days of some nights: with the champion, and with others in its shadow."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from contender.lake import Lake, stage
from contender.records import StagedBatch
from contender.registry import Registry, predict
from contender.settings import Settings
from contender.specs import Days, ModelSpec, dag_id


class ScoringError(RuntimeError):
    """Nothing can be scored; the message says what is missing."""


class NoChampion(ScoringError):  # noqa: N818 - it is a state, not a mistake
    """No version serves yet."""


def score(model: ModelSpec, nights: Days, lake: Lake, registry: Registry, settings: Settings) -> StagedBatch:
    """Stage the champion's predictions for the days that these nights score.

    Raises NoChampion before the first promotion, ScoringError when the days have no features.
    """
    champion = registry.champion(model.name)
    if champion is None:
        raise NoChampion(
            f"{model.name} has no champion yet: run {dag_id('retrain', model.name)} once; its first version that "
            "beats the simple baseline will serve"
        )
    features, snapshot = _features(model, nights, lake)
    scored = _scored(model, champion.version, features, snapshot, registry)
    return stage(scored, model.prediction_contract, model.scored_days(nights), settings.staging)


def score_in_shadow(
    model: ModelSpec,
    streams: Mapping[str, int],
    nights: Days,
    lake: Lake,
    registry: Registry,
    settings: Settings,
) -> StagedBatch:
    """Stage what other versions would have served for the same days, by stream. Raises ScoringError as `score` does."""
    days = model.scored_days(nights)
    features, snapshot = _features(model, nights, lake)
    parts = []
    for stream, version in streams.items():
        scored = _scored(model, version, features, snapshot, registry)
        place = len(model.row_key)
        parts.append(scored.add_column(place, "stream", pa.array([stream] * scored.num_rows, pa.string())))
    return stage(pa.concat_tables(parts), model.shadow_contract, days, settings.staging)


def _features(model: ModelSpec, nights: Days, lake: Lake) -> tuple[pa.Table, int]:
    days = model.scored_days(nights)
    snapshot = lake.snapshot(model.feature_contract.table)
    features = lake.read(model.feature_contract, days, snapshot=snapshot)
    if snapshot is None or features.num_rows == 0:
        raise ScoringError(
            f"{model.name}: no features for {days.key}: run {dag_id('features', model.name)} for the night "
            f"{nights.key} first"
        )
    return features, snapshot


def _scored(
    model: ModelSpec, version: int, features: pa.Table, snapshot: int, registry: Registry
) -> pa.Table:
    rows = features.to_pandas()
    seen = registry.version(model.name, version).features
    predictions = predict(model, registry.load(model.name, version), rows, seen)
    count = features.num_rows
    return (
        features.select(list(model.row_key))
        .append_column("score", pa.array(predictions, pa.float64()))
        .append_column("model_version", pa.array([version] * count, pa.int64()))
        .append_column("feature_snapshot", pa.array([snapshot] * count, pa.int64()))
    )
