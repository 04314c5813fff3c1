"""Scores the days of some nights with one version and stages the probabilities."""

from __future__ import annotations

import pyarrow as pa

from contender.lake import Lake, stage
from contender.records import StagedBatch
from contender.registry import Registry
from contender.settings import Settings
from contender.specs import Contract, Days, ModelSpec


class ScoringError(RuntimeError):
    """Nothing can be scored; the message says what is missing."""


class NoChampion(ScoringError):  # noqa: N818 - it is a state, not a mistake
    """No version serves yet."""


def score(model: ModelSpec, nights: Days, lake: Lake, registry: Registry, settings: Settings) -> StagedBatch:
    """Stage the champion's probabilities for the days that these nights score.

    Raises NoChampion before the first promotion, ScoringError when the days have no features.
    """
    champion = registry.champion(model.name)
    if champion is None:
        raise NoChampion(
            f"{model.name} has no champion yet: run retrain__{model.name} once; its first version that "
            "beats the simple baseline will serve"
        )
    return _score(model, champion.version, model.prediction_contract, nights, lake, registry, settings)


def score_in_shadow(
    model: ModelSpec, version: int, nights: Days, lake: Lake, registry: Registry, settings: Settings
) -> StagedBatch:
    """Stage what a challenger would have served for the same days. Raises ScoringError as `score` does."""
    return _score(model, version, model.shadow_contract, nights, lake, registry, settings)


def _score(
    model: ModelSpec,
    version: int,
    contract: Contract,
    nights: Days,
    lake: Lake,
    registry: Registry,
    settings: Settings,
) -> StagedBatch:
    days = model.scored_days(nights)
    snapshot = lake.snapshot(model.feature_contract.table)
    features = lake.read(model.feature_contract, days, snapshot=snapshot)
    if features.num_rows == 0:
        raise ScoringError(
            f"{model.name}: no features for {days.key}: run features__{model.name} for the night {nights.key} first"
        )
    rows = features.to_pandas()
    features_seen = list(registry.version(model.name, version).features)
    probabilities = registry.load(model.name, version).predict_proba(rows[features_seen])[:, 1]
    count = features.num_rows
    scored = (
        features.select(list(model.row_key))
        .append_column("score", pa.array(probabilities, pa.float64()))
        .append_column("model_version", pa.array([version] * count, pa.int64()))
        .append_column("feature_snapshot", pa.array([snapshot] * count, pa.int64()))
    )
    return stage(scored, contract, days, settings.staging)
