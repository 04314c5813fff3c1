"""The stores of a night in an installation: its lake, registry and book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contender.evaluating import Streams, evaluate, first_paired_days, pair_days
from contender.installation import Installation
from contender.promoting import (
    CLOSING,
    LONGEST_BREAK,
    add_break,
    follow_ledger,
    promote,
    race_begins,
    read_standing,
)
from contender.records import (
    Decision,
    Entry,
    Evaluation,
    FitVerdict,
    PairedDay,
    Question,
    StagedBatch,
    Standing,
    TrainedVersion,
)
from contender.retraining.cadence import FitFacts
from contender.retraining.facts import read_fit_facts
from contender.safe_storage import UnsafeModel
from contender.scoring import score_in_shadow
from contender.specs import Days, ModelSpec, Recipe
from contender.submitting import Submit
from contender.training import (
    TrainingError,
    fingerprint_recipe,
    keep_environment,
    note_released,
    train,
)

QUESTIONS: tuple[Question, ...] = ("race", "still", "recovery")


@dataclass(frozen=True)
class InstalledStores:
    """The stores of one model's night in an installation."""

    installation: Installation
    model: ModelSpec
    submit: Submit | None = None  # starts the Spark job of many rows; by default, on this machine

    def standing(self) -> Standing | None:
        """Return the standing according to the ledger, with the break that monitoring has found, if one is open."""
        book, name = self.installation.book, self.model.name
        standing, closing = read_standing(name, book), book.ledger.last_of(name, CLOSING)
        if standing is None or closing is None or self.model.recovery is None:
            return standing
        past = book.monitored.days_before(name, date.max, LONGEST_BREAK)
        return add_break(self.model, standing, past, closing.decision.night, self.served_on)

    def version(self, number: int) -> TrainedVersion:
        """Return the registry's record of a version. Raises UnknownVersion."""
        return self.installation.registry.version(self.model.name, number)

    def pairs(self, since: date) -> Sequence[PairedDay]:
        """Return the paired days in the book."""
        pairs = self.installation.book.pairs
        return [pair for question in QUESTIONS for pair in pairs.since(self.model.name, question, since)]

    def fit_facts(self, night: date) -> FitFacts:
        """Read what decides whether a fit is due in a night."""
        return read_fit_facts(self.installation, self.model, night, self.standing())

    def fit_verdict(self, night: date) -> FitVerdict | None:
        """Return the verdict in the book, or None."""
        return self.installation.book.fit_verdicts.of_night(self.model.name, night)

    def keep_verdict(self, verdict: FitVerdict) -> FitVerdict:
        """Store the verdict of a night in the book, unless there is one."""
        return self.installation.book.fit_verdicts.add(verdict)

    def last_fitted(self, night: date) -> Sequence[TrainedVersion]:
        """Return the versions of the newest night before another that has evaluations in the book."""
        found = self.installation.book.evaluations.of_last_night(self.model.name, night)
        return [one.challenger for one in found]

    def fit(self, recipe: Recipe, night: date) -> TrainedVersion:
        """Fit a recipe and register the version, with caveats about released training data.

        First updates an alias that a killed run left behind the ledger. Raises TrainingError, also for a pipeline
        that cannot be stored safely.
        """
        book = self.installation.book
        follow_ledger(self.model.name, book, self.installation.registry)
        try:
            version = train(self.installation, self.model, recipe, night)
        except UnsafeModel as error:
            raise TrainingError(str(error)) from error
        keep_environment(book)
        for caveat in note_released(self.installation.catalog, version, book.acts.released()):
            book.caveats.add(caveat)
        return version

    def evaluate(self, challenger: TrainedVersion) -> Evaluation:
        """Evaluate a version once, from its pinned snapshots, and store the evaluation."""
        return evaluate(self.installation, self.model, challenger)

    def pair(self, days: Days, champion: int, incumbent: str) -> None:
        """Pair the published shadow predictions of these days with their labels, and store the pairs."""
        pair_days(self.installation, self.model, days, Streams(champion, incumbent, self._entered()))

    def _entered(self) -> Mapping[str, date]:
        """Return the declared recipes that were paired since the current tests started, with their first paired day."""
        standing = self.standing()
        if standing is None:
            return {}
        home = self.installation.catalog.model_home(self.model.name)
        declared = {fingerprint_recipe(self.model, recipe, home) for recipe in self.model.recipes}
        pairs = self.installation.book.pairs.since(self.model.name, "race", race_begins(self.model, standing))
        return {rival: day for rival, day in first_paired_days(pairs).items() if rival in declared}

    def enter(self, decisions: Sequence[Decision]) -> Sequence[Entry]:
        """Append decisions to the ledger, and update the registry's alias."""
        return promote(decisions, self.installation.book, self.installation.registry)

    def served_on(self, night: date) -> int | None:
        """Return the version that served after a night, according to the ledger."""
        return self.installation.book.ledger.served_on(self.model.name, night)

    def score_in_shadow(self, night: date, streams: Mapping[str, int]) -> StagedBatch:
        """Stage each stream's predictions for the rows that a night scores. Raises ScoringError and SparkError."""
        return score_in_shadow(self.installation, self.model, streams, Days.one(night), self.submit)
