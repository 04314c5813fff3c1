"""Lives nights: fits each once, then lets every policy decide on the same versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import pandas as pd
from pydantic import Field

from contender.backtesting.fits import Fits, Made, ServedDay
from contender.backtesting.history import History
from contender.backtesting.policies import POLICIES, Policy
from contender.evaluating import Predicted, is_fair, judge, judged_days, pair_day, remember
from contender.promoting import DECISIVE, Standing, name_incumbent, name_streams, stand_after, weigh_pairs
from contender.records import Decision, Evaluation, Evidence, PairedDay, TrainedVersion
from contender.sketches import compare_sketches
from contender.specs import Catalog, Days, LossName, ModelSpec
from contender.specs.frozen import Frozen

Cadence = Literal["nightly", "weekly", "monthly"]


class Lived(Frozen):
    """What a policy came to."""

    policy: str
    decisions: tuple[Decision, ...]
    evidence: tuple[tuple[date, Evidence], ...]
    served: tuple[ServedDay, ...]
    cpu_seconds: float = Field(description="of the fits that this policy needs")

    @property
    def mean_loss(self) -> float:
        """Over all served rows; NaN when nothing was served."""
        rows = sum(day.rows for day in self.served)
        return sum(day.loss * day.rows for day in self.served) / rows if rows else float("nan")

    @property
    def promotions(self) -> int:
        """How often another version came to serve, the first not counted."""
        return sum(d.promoted and d.kind != "first" for d in self.decisions)


class Backtest(Frozen):
    """A span of nights, lived by several policies over the same fits."""

    model: str
    loss: LossName
    nights: Days
    cadence: Cadence
    lived: tuple[Lived, ...]
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
    pairs: list[PairedDay] = field(default_factory=list)
    shadow: dict[date, Mapping[str, int]] = field(default_factory=dict)
    paired_to: date | None = None
    served: list[ServedDay] = field(default_factory=list)

    def stand(self) -> Standing | None:
        last = next((d for d in reversed(self.decisions) if d.kind in DECISIVE), None)
        if last is None or self.champion is None:
            return None
        standing = stand_after(last, self.champion)
        if self.policy.refreshes_race:
            return standing.model_copy(update={"suspended": "every refresh has to win"})
        return standing


def live(
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
    nothing can be fitted or judged changes nothing, as in the DAGs.
    """
    fits = Fits(catalog, model, history)
    lives = {name: _Life(POLICIES[name]) for name in policies}
    newest: dict[str, list[ServedDay]] = defaultdict(list)
    baseline: list[ServedDay] = []
    tonight: list[Made] = []
    for night in nights.each():
        scored = model.scored_days(Days.one(night)).first
        for one in lives.values():
            one.served += [] if one.champion is None else fits.serve(one.champion, scored)
        if _is_due(night, nights.first, cadence):
            tonight = fits.fit_all(night) or tonight
            if tonight and tonight[0].version.night == night:
                for one in lives.values():
                    _decide(one, fits, night, tonight)
        for one in lives.values():
            one.shadow[scored] = _name_shadow(one, model, night, tonight)
        for made in tonight:
            newest[made.version.recipe] += fits.serve(made.version.version, scored)
        if tonight:
            baseline += fits.serve_baseline(tonight[0].version.version, scored)
        tell(night)
    return Backtest(
        model=model.name,
        loss=model.loss,
        nights=nights,
        cadence=cadence,
        lived=tuple(
            Lived(
                policy=name,
                decisions=tuple(one.decisions),
                evidence=tuple(one.evidence),
                served=tuple(one.served),
                cpu_seconds=_cost(one, fits),
            )
            for name, one in lives.items()
        ),
        newest={name: tuple(days) for name, days in newest.items()},
        baseline=tuple(baseline),
        failed=tuple(fits.failed),
    )


def _decide(one: _Life, fits: Fits, night: date, tonight: Sequence[Made]) -> None:
    """What the retrain DAG does after its fits: judge, pair, weigh, decide, enter."""
    evaluations = [remember(_judge(fits, made, one.champion), one.evaluations) for made in tonight]
    one.evaluations += evaluations
    standing = one.stand()
    evidence = _weigh(one, fits, standing, night, [made.version for made in tonight])
    decisions = one.policy.decide(evaluations, evidence, standing, fits.model.guards)
    one.evidence += [(night, found) for found in evidence]
    for decision in decisions:
        one.decisions.append(decision)
        one.champion = decision.champion_after


def _judge(fits: Fits, made: Made, champion: int | None) -> Evaluation:
    days = judged_days(fits.model, made.version.night)
    ours = None if champion is None else fits.made[champion]
    fair = ours is not None and is_fair(fits.model, ours.version, days)
    return judge(
        fits.model,
        made.version,
        None if ours is None else ours.version,
        fits.loss,
        fits.history.between(days),
        Predicted(
            challenger=fits.scores(made.version.version, days),
            champion=fits.scores(champion, days) if champion is not None and fair else None,
            baseline=fits.baselines(made.version.version, days),
        ),
        fits.examine(made.version.version, days),
        None if ours is None else compare_sketches(made.sketch, ours.sketch, made.version, ours.version),
    )


def _weigh(
    one: _Life, fits: Fits, standing: Standing | None, night: date, tonight: Sequence[TrainedVersion]
) -> tuple[Evidence, ...]:
    if standing is None:
        return ()
    incumbent = name_incumbent(standing, fits.made[standing.champion].version, tonight)
    newest = fits.model.matured_days(Days.one(night)).last
    first = fits.model.scored_days(Days.one(standing.since)).first
    if one.paired_to is not None:
        first = max(first, one.paired_to + timedelta(days=1))
    for day in _days(first, newest):
        one.pairs += _pair(one, fits, day, incumbent, standing.champion)
    one.paired_to = max(newest, one.paired_to or newest)
    return weigh_pairs(fits.model, standing, incumbent, one.pairs)


def _pair(one: _Life, fits: Fits, day: date, incumbent: str, champion: int) -> list[PairedDay]:
    rows = fits.history.between(Days.one(day))
    streams = {
        stream: version
        for stream, version in one.shadow.get(day, {}).items()
        if stream != "champion" or version == champion
    }
    if rows.empty or not streams:
        return []
    keyed = rows[[*fits.model.row_key, "label"]]
    stacked = pd.concat(
        [
            keyed.assign(stream=stream, model_version=version, score=fits.scores(version, Days.one(day)))
            for stream, version in streams.items()
        ]
    )
    return pair_day(fits.model, fits.loss, day, stacked, incumbent)


def _name_shadow(one: _Life, model: ModelSpec, night: date, tonight: Sequence[Made]) -> Mapping[str, int]:
    """What scores beside the champion; the scores themselves are made when they are paired."""
    if not tonight:
        return {}
    return name_streams(model, one.stand(), night, [made.version for made in tonight], one.decisions[::-1])


def _cost(one: _Life, fits: Fits) -> float:
    """CPU seconds of the fits that a policy needs."""
    names = [recipe.name for recipe in fits.model.recipes][: one.policy.recipes]
    needed = [made for made in fits.made.values() if made.version.recipe in names]
    if one.policy is POLICIES["static"]:
        needed = [made for made in needed if made.version.version <= (one.champion or 0)]
    return sum(made.cpu for made in needed)


def _is_due(night: date, first: date, cadence: Cadence) -> bool:
    if cadence == "monthly":
        return night.day == first.day or night == first
    return cadence == "nightly" or (night - first).days % 7 == 0


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=nth) for nth in range((last - first).days + 1))
