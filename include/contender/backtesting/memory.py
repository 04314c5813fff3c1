"""The stores of a backtest: a policy's records, with fits that all policies share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from contender.backtesting.fits import Fits
from contender.backtesting.made import ServedDay
from contender.backtesting.monitoring import Monitor
from contender.backtesting.policies import Policy
from contender.evaluating import (
    Streams,
    find_outcome_change,
    first_paired_days,
    served_days,
    with_usual_change,
)
from contender.promoting import CLOSING, DECISIVE, add_break, earlier_tests, race_begins, standing_after
from contender.records import (
    Decision,
    Entry,
    Evaluation,
    Evidence,
    FitVerdict,
    OutcomeChange,
    PairedDay,
    Standing,
    TrainedVersion,
    compares_refresh,
    count_held_nights,
)
from contender.retraining import (
    REFRESHES_COMPARED,
    EvaluationError,
    FitFacts,
    TrainingError,
    list_new_days,
    measure_staleness,
)
from contender.specs import Approval, Cadence, Days, ModelSpec, Recipe


@dataclass
class Memory:
    """A policy's versions, pairs and decisions; the `NightStores` of a backtest."""

    fits: Fits
    policy: Policy
    cadence: Cadence = field(default_factory=Cadence)
    champion: int | None = None
    evaluations: list[Evaluation] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    evidence: list[tuple[date, Evidence]] = field(default_factory=list)
    paired: dict[str, PairedDay] = field(default_factory=dict)  # by id; the first pairing of a day is kept
    shadow: dict[date, Mapping[str, int]] = field(default_factory=dict)
    served: list[ServedDay] = field(default_factory=list)
    verdicts: dict[date, FitVerdict] = field(default_factory=dict)
    fitted: dict[int, None] = field(default_factory=dict)  # the versions that the policy has fitted, in order
    monitor: Monitor = field(init=False)

    def __post_init__(self) -> None:
        self.monitor = Monitor(self.fits)

    @property
    def model(self) -> ModelSpec:
        """The model's contract without approvals, because decisions never wait, and with this backtest's cadence."""
        return self.fits.model.model_copy(update={"approval": Approval(), "cadence": self.cadence})

    @property
    def recipes(self) -> tuple[str, ...]:
        """The names of the recipes that the policy fits."""
        model = self.fits.model
        return tuple(r.name for r in (*model.recipes[: self.policy.recipes], *self.strategies))

    @property
    def strategies(self) -> tuple[Recipe, ...]:
        """The recipes that the policy fits in a break."""
        return self.fits.model.strategies if self.policy.recovers else ()

    def standing(self) -> Standing | None:
        """Return the standing; a policy may require refreshes to pass a sequential test."""
        decisive = [decision for decision in reversed(self.decisions) if decision.kind in DECISIVE]
        if not decisive or self.champion is None:
            return None
        held = count_held_nights(reversed(self.decisions))
        standing = standing_after(decisive[0], self.champion, earlier_tests(decisive), held)
        if self.policy.refreshes_race:
            return standing.model_copy(update={"suspended": "every refresh must pass the test"})
        return self._add_break(standing)

    def _add_break(self, standing: Standing) -> Standing:
        closed = next((d.night for d in reversed(self.decisions) if d.kind in CLOSING), None)
        if not self.strategies or closed is None:
            return standing
        return add_break(self.model, standing, self.monitor.found, closed, self.served_on)

    def run_monitor(self, night: date) -> None:
        """Give the verdict of a night, if strategies or the cadence wait for it, or a drill asks for it."""
        if self.strategies or self.cadence.when_needed or (self.policy.recovers and self.fits.is_drilled):
            served = {day.day: day.version for day in self.served if day.version is not None}
            self.monitor.run(night, served, self.evaluations)

    def version(self, number: int) -> TrainedVersion:
        """Return the record of a fit."""
        return self.fits.made[number].version

    def pairs(self, since: date) -> Sequence[PairedDay]:
        """Return the paired days so far, by day."""
        found = (pair for pair in self.paired.values() if pair.day >= since)
        return sorted(found, key=lambda pair: pair.day)

    def fit(self, recipe: Recipe, night: date) -> TrainedVersion:
        """Return the night's version of a recipe, which all policies share. Raises TrainingError."""
        made = self.fits.fit_once(recipe, night)
        if made is None:
            raise TrainingError(f"recipe {recipe.name!r} could not be fitted for {night}")
        self.fitted[made.version.version] = None
        return made.version

    def fit_facts(self, night: date) -> FitFacts:
        """Return what decides whether a fit is due in a night."""
        last = self.last_fitted(night)
        if self.champion is None or not last:
            return FitFacts(night=night, champion_fitted=None)
        standing, history, fitted = self.standing(), self.fits.history, {one.recipe for one in last}
        new = list_new_days(self.model, night, last)
        refreshes = [one for one in reversed(self.evaluations) if compares_refresh(one)]
        return FitFacts(
            night=night,
            champion_fitted=self.version(self.champion).night,
            last_fit=last[0].night,
            broken=None if standing is None else standing.broken,
            changed=tuple(
                recipe.name
                for recipe in self.model.recipes[: self.policy.recipes]
                if recipe.name not in fitted
            ),
            verdict=self.monitor.found[-1].verdict if self.monitor.found else None,
            new_rows=0 if new is None else len(history.between(new)),
            fitted_rows=max(one.rows for one in last),
            staleness=measure_staleness(refreshes[:REFRESHES_COMPARED]),
        )

    def fit_verdict(self, night: date) -> FitVerdict | None:
        """Return the verdict that was kept for a night, or None."""
        return self.verdicts.get(night)

    def keep_verdict(self, verdict: FitVerdict) -> FitVerdict:
        """Keep the verdict of a night."""
        return self.verdicts.setdefault(verdict.night, verdict)

    def last_fitted(self, night: date) -> Sequence[TrainedVersion]:
        """Return the evaluated versions of the newest night before another."""
        past = [one.challenger for one in self.evaluations if one.night < night]
        return [version for version in past if version.night == past[-1].night]

    def evaluate(self, challenger: TrainedVersion) -> Evaluation:
        """Evaluate a version and this policy's champion. Raises EvaluationError without labelled rows."""
        if not self.fits.judgeable(challenger.night):
            raise EvaluationError(
                f"{self.model.name}: no labelled rows to evaluate night {challenger.night} on"
            )
        judged = self.fits.judge(challenger.version, self.champion)
        outcomes = self._compare_outcomes(challenger.night)
        evaluation = with_usual_change(judged, self.evaluations).model_copy(update={"outcomes": outcomes})
        self.evaluations.append(evaluation)
        return evaluation

    def _compare_outcomes(self, night: date) -> OutcomeChange:
        """Compare the outcomes that are known in a night with the predictions that this policy served."""
        days = served_days(self.model, night)
        found = {
            served.day: self.fits.agree(served.version, served.day)
            for served in self.served
            if served.version is not None and served.day in days
        }
        return find_outcome_change(self.model, {day: one for day, one in found.items() if one is not None})

    def pair(self, days: Days, champion: int, incumbent: str) -> None:
        """Pair the shadow scores of these days."""
        entered, night = self._entered(), days.last + timedelta(days=self.model.label_maturity_days)
        for day in (each for each in days.each() if self.fits.history.knows(each, night)):
            # Before a promotion, the stream `champion` was another version.
            streams = {
                name: version
                for name, version in self.shadow.get(day, {}).items()
                if name != "champion" or version == champion
            }
            for pair in self.fits.pair(day, streams, Streams(champion, incumbent, entered)):
                self.paired.setdefault(pair.id, pair)

    def _entered(self) -> Mapping[str, date]:
        """Return the rivals that were paired since the current tests started, with their first paired day."""
        standing = self.standing()
        if standing is None:
            return {}
        return first_paired_days(self.pairs(race_begins(self.model, standing)))

    def enter(self, decisions: Sequence[Decision]) -> Sequence[Entry]:
        """Record decisions and update the champion. The entries are not sealed."""
        for decision in decisions:
            self.decisions.append(decision)
            self.champion = decision.champion_after
        now = datetime.now(UTC)
        return [Entry(number=0, previous="", entered=now, decision=d, seal="") for d in decisions]

    def served_on(self, night: date) -> int | None:
        """Return the version that served after a night."""
        before = (d for d in reversed(self.decisions) if d.night <= night)
        return next((decision.champion_after for decision in before), None)

    def score_in_shadow(self, night: date, streams: Mapping[str, int]) -> None:
        """Record which versions score; predictions are made when they are paired."""
        self.shadow[self.model.scored_days(Days.one(night)).first] = streams
