"""Measure challenger, champion and baseline on the same rows: pure functions of rows, predictions and records."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple, TypedDict

import numpy as np
import pandas as pd

from contender.evaluating.criteria import Criteria
from contender.evaluating.examine import Examined
from contender.evaluating.intervals import interval_by_day, interval_of_difference
from contender.evaluating.slices import measure_slices
from contender.measures import Kind, Loss, Outcomes, Predictions, finite_rows, kind_of, measure
from contender.records import (
    Evaluation,
    GatedDays,
    HistoryChange,
    Interval,
    Measures,
    SliceMeasures,
    TrainedVersion,
    identify,
)
from contender.specs import Days, ModelSpec


class Contestants(NamedTuple):
    """The versions that are compared; `champion` is None before the first promotion."""

    model: ModelSpec
    challenger: TrainedVersion
    champion: TrainedVersion | None

    @property
    def days(self) -> Days:
        """The evaluated days."""
        return judged_days(self.model, self.challenger.night)

    @property
    def measurable_champion(self) -> TrainedVersion | None:
        """The champion, or None if it was trained on any of the evaluated days."""
        if self.champion is None or not is_fair(self.model, self.champion, self.days):
            return None
        return self.champion


class Predicted(NamedTuple):
    """Predictions for the same rows; the champion's are None if it cannot be measured on them.

    A challenger that cannot predict the rows has only NaN. The failures say why a version could not predict.
    """

    challenger: Predictions
    champion: Predictions | None
    baseline: Predictions
    failure: str | None = None
    champion_failure: str | None = None


class Observed(NamedTuple):
    """Findings about the versions besides their predictions; empty or None if not examined."""

    examined: Examined = Examined()
    history: HistoryChange | None = None
    gates: GatedDays | None = None


NOTHING_OBSERVED = Observed()


def judge(
    contestants: Contestants,
    criteria: Criteria,
    rows: pd.DataFrame,
    predicted: Predicted,
    observed: Observed = NOTHING_OBSERVED,
) -> Evaluation:
    """Measure predictions for labelled rows, one prediction per row.

    A prediction that is not finite is measured as the best constant prediction, such as the mean outcome.
    """
    model, challenger, champion = contestants
    kind = kind_of(model)
    outcomes = kind.encode(rows["label"])
    examined = observed.examined
    return Evaluation(
        id=name_evaluation(challenger, champion, criteria.fingerprint),
        model=model.name,
        night=challenger.night,
        judged_on=contestants.days,
        challenger=challenger,
        champion=champion,
        **_measures(model, criteria.loss, rows, predicted),
        history=observed.history,
        gates=observed.gates,
        failure=predicted.failure,
        champion_failure=predicted.champion_failure,
        unusable_predictions=int((~finite_rows(predicted.challenger)).sum()),
        repeat_difference=examined.repeat_difference,
        calibration=kind.calibrate(outcomes, _usable(kind, predicted.challenger, outcomes)),
        behaviour=examined.behaviour,
        seconds_per_million_rows=examined.seconds_per_million_rows,
        artifact_bytes=challenger.artifact_bytes,
        criteria=criteria.fingerprint,
    )


class _Measured(TypedDict):
    challenger_measures: Measures
    champion_measures: Measures | None
    baseline_measures: Measures
    loss_difference: Interval | None
    calibration_difference: Interval | None
    disagreement: float | None
    shift: float | None
    slices: tuple[SliceMeasures, ...]


def _measures(model: ModelSpec, loss: Loss, rows: pd.DataFrame, predicted: Predicted) -> _Measured:
    kind = kind_of(model)
    outcomes = kind.encode(rows["label"])
    days = np.array([day.toordinal() for day in rows["day"]], dtype=np.int64)
    challenger = _usable(kind, predicted.challenger, outcomes)
    champion = None if predicted.champion is None else _usable(kind, predicted.champion, outcomes)
    losses = loss(outcomes, challenger)
    champion_losses = None if champion is None else loss(outcomes, champion)
    apart = None if champion is None else kind.distance((challenger - champion) / kind.spread(outcomes))
    return {
        "challenger_measures": measure(model, loss, outcomes, challenger).model_copy(
            update={"loss_interval": interval_by_day(losses, days)}
        ),
        "champion_measures": None if champion is None else measure(model, loss, outcomes, champion),
        "baseline_measures": measure(model, loss, outcomes, _usable(kind, predicted.baseline, outcomes)),
        "loss_difference": None
        if champion_losses is None
        else interval_by_day(losses - champion_losses, days),
        "calibration_difference": None
        if champion is None
        else interval_of_difference(kind.calibration_error, outcomes, (challenger, champion), days),
        "disagreement": None if apart is None else apart.absolute,
        "shift": None if apart is None else apart.signed,
        "slices": measure_slices(model, rows, losses, champion_losses),
    }


def judged_days(model: ModelSpec, night: date) -> Days:
    """Return the newest days with known labels of a night, which its challenger is evaluated but not trained on."""
    last = night - timedelta(days=model.label_maturity_days)
    return Days(first=last - timedelta(days=model.evaluation_days - 1), last=last)


def is_fair(model: ModelSpec, champion: TrainedVersion, judged: Days) -> bool:
    """Return whether a champion was trained neither on these days nor on labels that became known in them."""
    return champion.trained_on.last <= model.last_fitted_before(judged.first)


def name_evaluation(challenger: TrainedVersion, champion: TrainedVersion | None, criteria: str) -> str:
    """Return the id of the evaluation of a challenger, night and champion by these criteria."""
    against = None if champion is None else champion.version
    return identify("evaluation", challenger.model, challenger.night, challenger.version, against, criteria)


def _usable(kind: Kind, predictions: Predictions, outcomes: Outcomes) -> Predictions:
    usable = predictions.copy()
    usable[~finite_rows(predictions)] = kind.constant(outcomes)
    return usable
