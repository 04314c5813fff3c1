"""Lives nights: fits each once, then lets every policy decide on the same versions."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from pydantic import Field

from contender.backtesting.fits import Fits, Made, ServedDay
from contender.backtesting.history import History
from contender.backtesting.policies import POLICIES, Policy
from contender.evaluating import NIGHTS_MADE_UP, with_usual_change
from contender.promoting import (
    DECISIVE,
    Standing,
    compute_evidence,
    incumbent_stream,
    served_on,
    shadow_streams,
    standing_after,
    still_night,
)
from contender.records import Decision, Evaluation, Evidence, PairedDay, TrainedVersion
from contender.specs import Catalog, Days, LossName, ModelSpec
from contender.specs.frozen import Frozen

Cadence = Literal["nightly", "weekly", "monthly"]


class PolicyResult(Frozen):
    """What a policy came to."""

    policy: str
    decisions: tuple[Decision, ...]
    evidence: tuple[tuple[date, Evidence], ...]
    served: tuple[ServedDay, ...]
    fits: int = Field(description="that this policy needs")
    cpu_seconds: float = Field(description="of these fits")

    @property
    def mean_loss(self) -> float:
        """Over all served rows; NaN when nothing was served."""
        rows = sum(day.rows for day in self.served)
        return sum(day.loss * day.rows for day in self.served) / rows if rows else float("nan")

    @property
    def promotions(self) -> int:
        """How often another version came to serve, the first not counted."""
        return sum(d.promoted and d.kind != "first" for d in self.decisions)

    @property
    def won(self) -> int:
        """How often it was another recipe's, which had won."""
        return sum(d.kind == "promoted" for d in self.decisions)


class Backtest(Frozen):
    """A span of nights, lived by several policies over the same fits."""

    model: str
    loss: LossName
    nights: Days
    cadence: Cadence
    lived: tuple[PolicyResult, ...]
    versions: tuple[TrainedVersion, ...] = Field(description="all that were fitted, in their order")
    newest: Mapping[str, tuple[ServedDay, ...]] = Field(description="each recipe's newest version, by name")
    baseline: tuple[ServedDay, ...]
    failed: tuple[str, ...] = Field(description="what could not be fitted or judged, a line each")


@dataclass
class _Life:
    """A policy's memory from night to night."""

    policy: Policy
    champion: int | None = None
    evaluations: list[Evaluation] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    evidence: list[tuple[date, Evidence]] = field(default_factory=list)
    pairs: dict[str, PairedDay] = field(default_factory=dict)  # by id: a day stays as it was paired first
    shadow: dict[date, Mapping[str, int]] = field(default_factory=dict)
    served: list[ServedDay] = field(default_factory=list)

    def recipes(self, model: ModelSpec) -> frozenset[str]:
        """The names of those that the policy fits."""
        return frozenset(recipe.name for recipe in model.recipes[: self.policy.recipes])

    def stand(self) -> Standing | None:
        last = next((d for d in reversed(self.decisions) if d.kind in DECISIVE), None)
        if last is None or self.champion is None:
            return None
        standing = standing_after(last, self.champion)
        if self.policy.refreshes_race:
            return standing.model_copy(update={"suspended": "every refresh has to win"})
        return standing


def run_backtest(
    catalog: Catalog,
    model: ModelSpec,
    history: History,
    nights: Days,
    policies: Sequence[str] = tuple(POLICIES),
    cadence: Cadence = "nightly",
    tell: Callable[[date], None] = lambda _: None,
) -> Backtest:
    """Live the nights; `tell` hears of each when it is over.

    What serves a day was in place before its night decided: scoring never waits for training. A night in which
    nothing can be fitted or judged changes nothing and scores nothing in the shadow, as in the DAGs. Between the
    nights of a slower cadence, the newest versions go on scoring in the shadow every day.
    """
    return run_backtest_on(Fits(catalog, model, history), nights, policies, cadence, tell)


def run_backtest_on(
    fits: Fits,
    nights: Days,
    policies: Sequence[str] = tuple(POLICIES),
    cadence: Cadence = "nightly",
    tell: Callable[[date], None] = lambda _: None,
) -> Backtest:
    """`live` over fits that other cadences of the same nights share: a night that both fit is fitted once."""
    model = fits.model
    lives = {name: _Life(POLICIES[name]) for name in policies}
    newest: dict[str, list[ServedDay]] = defaultdict(list)
    baseline: list[ServedDay] = []
    tonight: tuple[Made, ...] = ()
    fitted: list[Made] = []
    failed: list[str] = []
    for night in nights.each():
        scored = model.scored_days(Days.one(night)).first
        for one in lives.values():
            one.served += () if one.champion is None else fits.serve(one.champion, scored)
        shadowed = tonight
        if is_due(night, nights.first, cadence):
            made = fits.fit_all(night)
            fitted += made
            judged = bool(made) and fits.judgeable(night)
            for one in lives.values():
                _decide(one, fits, night, made, judged=judged)
            shadowed = made if judged else ()
            tonight = shadowed or tonight
            failed += [f"{night}: {line}" for line in fits.failed.get(night, ())]
        for one in lives.values():
            one.shadow[scored] = _name_shadow(one, model, night, shadowed)
        for made_then in tonight:
            newest[made_then.version.recipe] += fits.serve(made_then.version.version, scored)
        if tonight:
            baseline += fits.serve_baseline(tonight[0].version.version, scored)
        tell(night)
    return Backtest(
        model=model.name,
        loss=model.loss,
        nights=nights,
        cadence=cadence,
        lived=tuple(_tell(name, one, _needed(one, model, fitted)) for name, one in lives.items()),
        versions=tuple(made.version for made in fitted),
        newest={name: tuple(days) for name, days in newest.items()},
        baseline=tuple(baseline),
        failed=tuple(failed),
    )


def is_due(night: date, first: date, cadence: Cadence) -> bool:
    """Whether a cadence that began in the night `first` retrains in this one.

    Monthly is on the same day of each month, or on the last of a month that is too short for it.
    """
    if cadence == "monthly":
        return night.day == min(first.day, monthrange(night.year, night.month)[1])
    return cadence == "nightly" or (night - first).days % 7 == 0


def _decide(one: _Life, fits: Fits, night: date, tonight: Sequence[Made], *, judged: bool) -> None:
    """What the retrain DAG does after its fits: pair and weigh, judge, decide, enter."""
    allowed = one.recipes(fits.model)
    versions = [made.version for made in tonight if made.version.recipe in allowed]
    if not versions:
        return
    standing = one.stand()
    evidence = _weigh(one, fits, standing, night, versions)
    if not judged:
        return
    judgements = [fits.judge(version.version, one.champion) for version in versions]
    evaluations = [with_usual_change(judgement, one.evaluations) for judgement in judgements]
    one.evaluations += evaluations
    decisions = one.policy.decide(evaluations, evidence, standing, fits.model.guards)
    one.evidence += [(night, found) for found in evidence]
    for decision in decisions:
        one.decisions.append(decision)
        one.champion = decision.champion_after


def _weigh(
    one: _Life, fits: Fits, standing: Standing | None, night: date, tonight: Sequence[TrainedVersion]
) -> tuple[Evidence, ...]:
    if standing is None:
        return ()
    model = fits.model
    incumbent = incumbent_stream(standing, fits.made[standing.champion].version, tonight)
    since = model.scored_days(Days.one(standing.since)).first
    newest = model.matured_days(Days.one(night)).last
    # As the DAG does, every night looks back: a day may have lacked a stream that an earlier night had to look for.
    for day in Days(first=newest - timedelta(days=NIGHTS_MADE_UP - 1), last=newest).each():
        streams = one.shadow.get(day)
        if streams and day >= since:
            for pair in fits.pair(day, _present(streams, standing.champion), incumbent):
                one.pairs.setdefault(pair.id, pair)
    pairs = sorted(one.pairs.values(), key=lambda pair: pair.day)
    return compute_evidence(model, standing, incumbent, pairs)


def _present(streams: Mapping[str, int], champion: int) -> Mapping[str, int]:
    """The streams of a day, without that of the champion where another version serves now."""
    return {s: version for s, version in streams.items() if s != "champion" or version == champion}


def _name_shadow(one: _Life, model: ModelSpec, night: date, tonight: Sequence[Made]) -> Mapping[str, int]:
    """What scores beside the champion; the scores themselves are made when they are paired."""
    versions = [made.version for made in tonight]
    served_then = served_on(reversed(one.decisions), still_night(model, night))
    return shadow_streams(model, one.stand(), night, versions, served_then) if versions else {}


def _needed(one: _Life, model: ModelSpec, fitted: Sequence[Made]) -> list[Made]:
    """The fits that a policy needs."""
    needed = [made for made in fitted if made.version.recipe in one.recipes(model)]
    if one.policy is POLICIES["static"] and one.champion is not None:
        return [made for made in needed if made.version.version <= one.champion]
    return needed


def _tell(name: str, one: _Life, needed: Sequence[Made]) -> PolicyResult:
    return PolicyResult(
        policy=name,
        decisions=tuple(one.decisions),
        evidence=tuple(one.evidence),
        served=tuple(one.served),
        fits=len(needed),
        cpu_seconds=sum(made.cpu for made in needed),
    )
