"""Run past nights: fit each once, then decide with every policy on the same versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import Field

from contender.backtesting.cadences import CadenceName, find_cadence
from contender.backtesting.fits import Fits
from contender.backtesting.history import History
from contender.backtesting.made import Made, ServedDay
from contender.backtesting.memory import Memory
from contender.backtesting.oracle import choose_best_nights
from contender.backtesting.policies import POLICIES
from contender.records import Decision, Evidence, Monitored, TrainedVersion, question_of
from contender.retraining import EvaluationError, TrainingError, judge_night, run_night
from contender.specs import Catalog, Days, LossName, ModelSpec
from contender.specs.frozen import Frozen


class PolicyResult(Frozen):
    """The result of a policy over all nights."""

    policy: str
    decisions: tuple[Decision, ...]
    evidence: tuple[tuple[date, Evidence], ...]
    served: tuple[ServedDay, ...]
    monitored: tuple[Monitored, ...] = Field(
        default=(),
        description="verdicts of all nights, where they were given: of a policy with strategies, and in a drill",
    )
    fits: int = Field(description="number of fits that the policy needs")
    cpu_seconds: float = Field(description="CPU time of these fits")

    @property
    def mean_loss(self) -> float | None:
        """Mean loss of all served rows; None if nothing was served."""
        rows = sum(day.rows for day in self.served)
        return sum(day.loss * day.rows for day in self.served) / rows if rows else None

    @property
    def promotions(self) -> int:
        """Number of promotions, without the first version."""
        return sum(d.promoted and d.kind != "first" for d in self.decisions)

    @property
    def won(self) -> int:
        """Number of promotions after a sequential test."""
        return sum(d.kind == "promoted" for d in self.decisions)


class Backtest(Frozen):
    """A span of nights, run by several policies over the same fits."""

    model: str
    loss: LossName
    nights: Days
    cadence: CadenceName
    results: tuple[PolicyResult, ...]
    versions: tuple[TrainedVersion, ...] = Field(description="all fitted versions, in order")
    newest: Mapping[str, tuple[ServedDay, ...]] = Field(
        description="losses of each recipe's newest version, by recipe"
    )
    baseline: tuple[ServedDay, ...]
    failed: tuple[str, ...] = Field(description="fits and evaluations that failed, one line each")


def run_backtest(
    catalog: Catalog,
    model: ModelSpec,
    history: History,
    nights: Days,
    policies: Sequence[str] = tuple(POLICIES),
    cadence: CadenceName = "nightly",
    report: Callable[[date], None] = lambda _: None,
) -> Backtest:
    """Run the nights; `report` is called after each.

    A day is served by the version that was the champion before its night decided: scoring never waits for training.
    A night in which nothing can be fitted or evaluated changes nothing and scores nothing in shadow, as in the DAGs.
    Between the nights of a slower cadence, the newest versions are paired and scored in shadow every day.
    """
    return run_backtest_on(Fits(catalog, model, history), nights, policies, cadence, report)


def run_backtest_on(
    fits: Fits,
    nights: Days,
    policies: Sequence[str] = tuple(POLICIES),
    cadence: CadenceName = "nightly",
    report: Callable[[date], None] = lambda _: None,
) -> Backtest:
    """Run the nights as `run_backtest` does, with fits that other cadences of the same nights share.

    With the cadence `oracle`, `policies` are not used: every refresh of the first recipe is promoted.
    """
    if cadence == "oracle":
        return _run_oracle(fits, nights)
    ours = find_cadence(cadence, fits.model, nights.first)
    memories = {name: Memory(fits, POLICIES[name], ours) for name in policies}
    span = _Span(fits, tuple(memories.values()))
    for night in nights.each():
        span.run(night)
        report(night)
    return Backtest(
        model=fits.model.name,
        loss=fits.model.loss,
        nights=nights,
        cadence=cadence,
        results=tuple(_result(name, one) for name, one in memories.items()),
        versions=tuple(made.version for made in span.fitted),
        newest={name: tuple(days) for name, days in span.newest.items()},
        baseline=tuple(span.baseline),
        failed=tuple(span.failed),
    )


def _run_oracle(fits: Fits, nights: Days) -> Backtest:
    best = choose_best_nights(fits, nights)
    result = PolicyResult(
        policy="blind",
        decisions=(),
        evidence=(),
        served=best.served,
        fits=len(best.fits),
        cpu_seconds=sum(made.cpu for made in best.fits),
    )
    return Backtest(
        model=fits.model.name,
        loss=fits.model.loss,
        nights=nights,
        cadence="oracle",
        results=(result,),
        versions=tuple(made.version for made in best.fits),
        newest={},
        baseline=(),
        failed=(),
    )


@dataclass
class _Span:
    """The state of a backtest: the nights run so far."""

    fits: Fits
    memories: tuple[Memory, ...]
    tonight: tuple[Made, ...] = ()  # the newest versions that could be evaluated
    fitted: list[Made] = field(default_factory=list)
    newest: dict[str, list[ServedDay]] = field(default_factory=lambda: defaultdict(list))
    baseline: list[ServedDay] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def run(self, night: date) -> None:
        """Serve a night's rows with the current champions, then run the night of each policy."""
        scored = self.fits.model.scored_days(Days.one(night)).first
        for memory in self.memories:
            memory.served += () if memory.champion is None else self.fits.serve(memory.champion, scored)
        if any(judge_night(memory, night).due for memory in self.memories):
            self._fit(night)
        for memory in self.memories:
            self._retrain(memory, night)
        for memory in self.memories:
            memory.run_monitor(night)
            self._serve_strategies(memory, scored)
        for made in self.tonight:
            self.newest[made.version.recipe] += self.fits.serve(made.version.version, scored)
        if self.tonight:
            self.baseline += self.fits.serve_baseline(self.tonight[0].version.version, scored)
        self.failed += [f"{night}: {line}" for line in self.fits.failed.get(night, ())]

    def _serve_strategies(self, memory: Memory, day: date) -> None:
        """Note the losses of the strategies that scored a day in shadow, and their fits."""
        for stream, version in memory.shadow.get(day, {}).items():
            if question_of(stream) == "recovery":
                self.newest[stream] += self.fits.serve(version, day)
                if self.fits.made[version].version.strategy:
                    self.fitted.append(self.fits.made[version])

    def _fit(self, night: date) -> None:
        made = self.fits.fit_all(night)
        self.fitted += made
        if made and self.fits.judgeable(night):
            self.tonight = made

    def _retrain(self, memory: Memory, night: date) -> None:
        try:
            done = run_night(memory, night, memory.recipes, memory.policy.decide)
        except (TrainingError, EvaluationError):  # noted by the fits; the run of the DAG would have failed
            return
        memory.evidence += [(night, found) for found in done.evidence]


def _needed(one: Memory) -> list[Made]:
    """Return the fits that a policy needs."""
    needed = [one.fits.made[version] for version in one.fitted]
    if one.policy is POLICIES["static"] and one.champion is not None:
        return [made for made in needed if made.version.version <= one.champion]
    return needed


def _result(name: str, one: Memory) -> PolicyResult:
    needed = _needed(one)
    return PolicyResult(
        policy=name,
        decisions=tuple(one.decisions),
        evidence=tuple(one.evidence),
        served=tuple(one.served),
        monitored=tuple(one.monitor.found),
        fits=len(needed),
        cpu_seconds=sum(made.cpu for made in needed),
    )
