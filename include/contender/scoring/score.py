"""Score the days of some nights: with the champion, and with other versions in shadow."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from contender.errors import PermanentError
from contender.installation import Installation
from contender.lake import Lake, Pieces, open_pieces, spool, stage
from contender.measures import PredictionError, predict, split_scores
from contender.records import StagedBatch
from contender.specs import Days, ModelSpec, dag_id

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from contender.registry import Registry

Scores = Mapping[str, NDArray[np.float64]]

log = logging.getLogger(__name__)


class ScoringError(PermanentError):
    """The rows cannot be scored; the message says what is missing."""


class NoChampion(ScoringError):  # noqa: N818 - it is a state, not a mistake
    """No version is serving yet."""


class CannotPredict(ScoringError):  # noqa: N818 - it is a state, not a mistake
    """A version cannot predict the rows; predicting them again would not help."""


class Scorer(NamedTuple):
    """A version that is loaded for batch scoring."""

    model: ModelSpec
    pipeline: Pipeline
    features: Sequence[str]

    def score(self, rows: pd.DataFrame) -> Scores:
        """Return the score columns of a prediction of each row. Raises PredictionError."""
        return split_scores(self.model, predict(self.model, self.pipeline, rows, self.features))


def load_scorer(model: ModelSpec, version: int, registry: Registry) -> Scorer:
    """Load a version as batch scoring does. Raises UnknownVersion."""
    seen = registry.version(model.name, version).features
    return Scorer(model, registry.load(model.name, version), seen)


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
    features = _open_features(model, nights, installation.lake)
    contract, days = model.prediction_contract, model.scored_days(nights)
    with TemporaryDirectory() as folder:
        scored = spool(
            _score_pieces(model, champion.version, features, installation.registry), contract, Path(folder)
        )
        return stage(scored, contract, days, installation.settings.staging)


def score_in_shadow(
    installation: Installation, model: ModelSpec, streams: Mapping[str, int], nights: Days
) -> StagedBatch:
    """Stage the predictions of other versions for the same days, by stream.

    A version that cannot predict the rows is left out, with a warning in the log. Raises ScoringError if the days have
    no features, and CannotPredict if no version can predict the rows.
    """
    features = _open_features(model, nights, installation.lake)
    contract, failures = model.shadow_contract, []
    with TemporaryDirectory() as folder:
        scored = spool((), contract, Path(folder))
        for stream, version in streams.items():
            pieces = _score_pieces(model, version, features, installation.registry)
            try:
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


def _score_pieces(model: ModelSpec, version: int, features: Pieces, registry: Registry) -> Iterator[pa.Table]:
    """Yield the predictions of a version, a piece of the rows at a time. Raises CannotPredict."""
    scorer = load_scorer(model, version, registry)
    for piece in features:
        try:
            scores = scorer.score(features.to_frame(piece))
        except PredictionError as error:
            raise CannotPredict(
                f"{model.name}: version {version} cannot predict the rows of {features.days.key}: {error}: "
                "let its recipe accept such values (for a new category, an encoder that ignores unknown ones)"
            ) from error
        scored = piece.select(list(model.row_key))
        for name, column in scores.items():
            scored = scored.append_column(name, pa.array(column, pa.float64()))
        by = {"model_version": version, "feature_snapshot": features.snapshot}
        for name, value in by.items():
            scored = scored.append_column(name, pa.array([value] * piece.num_rows, pa.int64()))
        yield scored
