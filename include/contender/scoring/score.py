"""Score the days of some nights: with the champion, and with other versions in shadow."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from contender.installation import Installation
from contender.lake import Lake, Pieces, open_pieces, spool, stage
from contender.records import StagedBatch
from contender.scoring.on_spark import belongs_on_spark, score_on_spark
from contender.scoring.scorer import CannotPredict, ScoringError, load_scorer
from contender.specs import Days, ModelSpec, dag_id
from contender.submitting import Submit

log = logging.getLogger(__name__)


class NoChampion(ScoringError):  # noqa: N818 - it is a state, not a mistake
    """No version is serving yet."""


def score(
    installation: Installation, model: ModelSpec, nights: Days, submit: Submit | None = None
) -> StagedBatch:
    """Stage the champion's predictions for the days that these nights score.

    From `score_spark_rows` rows on, they are computed on Spark: `submit` runs the job with a task file and returns when
    it has ended; the default is spark-submit on this machine.

    Raises NoChampion before the first promotion, CannotPredict if the champion cannot predict the rows,
    ScoringError if the days have no features, and SparkError.
    """
    champion = installation.registry.champion(model.name)
    if champion is None:
        raise NoChampion(
            f"{model.name} has no champion yet: run {dag_id('retrain', model.name)}; the first version that beats the "
            "baseline is promoted"
        )
    features = _open_features(model, nights, installation.lake)
    contract, days = model.prediction_contract, model.scored_days(nights)
    with TemporaryDirectory() as folder:
        pieces = _score(installation, model, champion.version, features, submit)
        scored = spool(pieces, contract, Path(folder))
        return stage(scored, contract, days, installation.settings.staging)


def score_in_shadow(
    installation: Installation,
    model: ModelSpec,
    streams: Mapping[str, int],
    nights: Days,
    submit: Submit | None = None,
) -> StagedBatch:
    """Stage the predictions of other versions for the same days, by stream, on the engine that `score` chooses.

    A version that cannot predict the rows is left out, with a warning in the log. Raises ScoringError if the days have
    no features, and CannotPredict if no version can predict the rows.
    """
    features = _open_features(model, nights, installation.lake)
    contract, failures = model.shadow_contract, []
    with TemporaryDirectory() as folder:
        scored = spool((), contract, Path(folder))
        for stream, version in streams.items():
            try:
                pieces = _score(installation, model, version, features, submit)
                scored.extend(
                    spool((_name_stream(model, stream, piece) for piece in pieces), contract, Path(folder))
                )
            except CannotPredict as error:
                log.warning("Left out of the shadow predictions: %s", error)
                failures.append(error)
        if failures and not scored.num_rows:
            raise failures[-1]
        return stage(scored, contract, model.scored_days(nights), installation.settings.staging)


def _name_stream(model: ModelSpec, stream: str, scored: pa.Table) -> pa.Table:
    return scored.add_column(len(model.row_key), "stream", pa.array([stream] * scored.num_rows, pa.string()))


def _open_features(model: ModelSpec, nights: Days, lake: Lake) -> Pieces:
    days = model.scored_days(nights)
    features = open_pieces(lake, model.feature_contract, days)
    if features is None:
        raise ScoringError(
            f"{model.name}: no features for {days.key}: run {dag_id('features', model.name)} for the night "
            f"{nights.key} first"
        )
    return features


def _score(
    installation: Installation, model: ModelSpec, version: int, features: Pieces, submit: Submit | None
) -> Iterator[pa.Table]:
    """Yield the predictions of a version, on the engine for so many rows. Raises CannotPredict and SparkError."""
    if belongs_on_spark(features, installation.settings.score_spark_rows):
        return score_on_spark(installation, model, version, features, submit)
    return load_scorer(model, version, installation.registry).score_pieces(features)
