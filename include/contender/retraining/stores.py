"""Protocols of the stores of a night: an installation, a backtest, or the ledger entry of a replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol, TypeVar

from contender.records import (
    Decision,
    Entry,
    Evaluation,
    FitVerdict,
    PairedDay,
    StagedBatch,
    Standing,
    TrainedVersion,
)
from contender.retraining.cadence import FitFacts
from contender.specs import Days, ModelSpec, Recipe

Staged = TypeVar("Staged", bound=StagedBatch | None, covariant=True)


class RaceStores(Protocol):
    """The stores that are read to compute evidence and to decide."""

    @property
    def model(self) -> ModelSpec:
        """The model's contract."""

    def standing(self) -> Standing | None:
        """Return the standing; None before the first promotion."""

    def version(self, number: int) -> TrainedVersion:
        """Return the record of a version."""

    def pairs(self, since: date) -> Sequence[PairedDay]:
        """Return the paired days of all incumbents from `since` on, oldest first for each question."""


class ShadowStores(RaceStores, Protocol[Staged]):
    """What shadow predictions read and write; `Staged` is what they are staged as."""

    def served_on(self, night: date) -> int | None:
        """Return the version that served after a night; None before the first promotion."""

    def score_in_shadow(self, night: date, streams: Mapping[str, int]) -> Staged:
        """Predict, for each stream, the rows that a night scores; returns them staged, where rows are staged."""


class NightStores(ShadowStores[StagedBatch | None], Protocol):
    """What a whole night reads and writes."""

    def fit_facts(self, night: date) -> FitFacts:
        """Return what decides whether a fit is due in a night, from records of earlier nights."""

    def fit_verdict(self, night: date) -> FitVerdict | None:
        """Return the verdict that was kept for a night, or None."""

    def keep_verdict(self, verdict: FitVerdict) -> FitVerdict:
        """Store the verdict of a night and return it, or return the verdict that is stored."""

    def last_fitted(self, night: date) -> Sequence[TrainedVersion]:
        """Return the evaluated versions of the newest night before another."""

    def fit(self, recipe: Recipe, night: date) -> TrainedVersion:
        """Fit a recipe for a night and store the version. Raises TrainingError."""

    def evaluate(self, challenger: TrainedVersion) -> Evaluation:
        """Evaluate a version, the champion and the baseline on the same rows. Raises EvaluationError."""

    def pair(self, days: Days, champion: int, incumbent: str) -> None:
        """Store, for each of these days, the losses of the incumbent and its rivals on the same rows.

        A rival that has entered the test and did not score a day counts with the baseline's loss.
        """

    def enter(self, decisions: Sequence[Decision]) -> Sequence[Entry]:
        """Append decisions to the ledger; the champion follows. Raises StaleDecision."""
