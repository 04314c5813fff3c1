"""Evaluate the guards against wrong labels that arrive with new days only, day after day.

A model's recipe is refreshed every week of a real year. From some nights on, each poison is put into the labels of all
later days: into those that are evaluated and served, and so into those that later refreshes are fitted on. Decisions
follow from that for eight weeks, with the memory of the healthy weeks before. Each version's loss in the seven days
after its night is computed on the true labels.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from benchmarks.promotion.harm import HARMFUL, SMALLER, YEARS, Year, mean_served_loss
from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.rows import Row, count
from benchmarks.promotion.years import read_year
from contender.backtesting.history import History, cut
from contender.backtesting.memory import Memory
from contender.backtesting.policies import POLICIES
from contender.backtesting.run import Span
from contender.records import Decision
from contender.settings import PROJECT
from contender.specs import Days, load_catalog
from contender.specs.frozen import Frozen

WEEKS = 8
# The first start has twelve weeks of served days before it; the others follow four weeks apart.
FIRST_START, WEEKS_APART = 13, 4
OURS, NOTHING, WITHIN, HARMFUL_ONES = "guards", "no guards", "held within {} weeks", "harmful refreshes"

Labels = NDArray[np.float64]
# From the labels of a day, the number of days since the start, and a random generator.
Creeping = Callable[[Labels, int, np.random.Generator], Labels]


def lose_positives(share: float, labels: Labels, _: int, random: np.random.Generator) -> Labels:
    """Set a random share of the positive labels to 0."""
    return np.where(random.random(len(labels)) < share, 0, labels)


def flip(share: float, labels: Labels, _: int, random: np.random.Generator) -> Labels:
    """Invert a random share of the labels."""
    return np.where(random.random(len(labels)) < share, 1 - labels, labels)


def flip_gradually(share: float, labels: Labels, since: int, random: np.random.Generator) -> Labels:
    """Invert a random share of the labels, which grows by the same share each day."""
    return flip(min(share * (since + 1), 0.5), labels, since, random)


def shuffle(labels: Labels, _: int, random: np.random.Generator) -> Labels:
    """Shuffle the labels among the rows of the day, as a wrong join does."""
    return random.permutation(labels)


CREEPING: Mapping[str, Creeping] = {
    "half of the positives lost": partial(lose_positives, 0.5),
    "a fifth of the positives lost": partial(lose_positives, 0.2),
    "labels flipped, 10 %": partial(flip, 0.1),
    "labels flipped, +0.3 % a day": partial(flip_gradually, 0.003),
    "labels shuffled within the day": shuffle,
}


class Week(Frozen):
    """A week after the start: the guards that blocked its refresh, and losses on the true labels.

    `healthy` is the loss of the refresh of the same night without the poison, `served` that of the champion after it.
    """

    days: int
    blocked_by: tuple[str, ...]
    refresh: float
    served: float
    healthy: float

    @property
    def harmful(self) -> bool:
        """Whether the refresh loses over 1 % more than the healthy one."""
        return self.refresh / self.healthy - 1 > HARMFUL


Run = tuple[Week, ...]


def measure_creep() -> Iterator[Row]:
    """Run both years, and count."""
    for year in YEARS:
        runs = creep_year(year)
        for name, its in runs.items():
            yield from count_runs(year.model, name, its)


def count_runs(data: str, poison: str, runs: Sequence[Run]) -> Iterator[Row]:
    """Return when refreshes were first held, how many harmful ones were promoted, and losses in the second month."""
    row = partial(Row, table="creep", data=data, effect=poison)
    first = [next((week.days for week in run if week.blocked_by), None) for run in runs]
    for weeks in (2, 4, WEEKS):
        held = sum(days is not None and days <= 7 * weeks for days in first)
        yield row(rule=WITHIN.format(weeks), **count(held, len(runs)))
    harmful = [week for run in runs for week in run if week.harmful]
    if harmful:
        yield row(rule=HARMFUL_ONES, **count(sum(not week.blocked_by for week in harmful), len(harmful)))
    later = [week for run in runs for week in run[WEEKS // 2 :]]
    for rule, losses in (
        (NOTHING, [week.refresh for week in later]),
        (OURS, [week.served for week in later]),
    ):
        extra = fmean(loss / week.healthy - 1 for loss, week in zip(losses, later, strict=True))
        waited = [days for days in first if days is not None]
        days = median(waited) if rule == OURS and len(waited) > len(runs) / 2 else None
        yield row(rule=rule, served_loss=round(extra, 5), median_days=days)
    for guard in sorted({guard for run in runs for week in run for guard in week.blocked_by}):
        blocked = sum(any(guard in week.blocked_by for week in run) for run in runs)
        yield row(rule=f"{guard} alone", **count(len(runs) - blocked, len(runs)))


def creep_year(year: Year) -> Mapping[str, list[Run]]:
    """Run a real year, and from each start on each poison; returns the runs by poison."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    shipped = catalog.model(year.model)
    recipe = shipped.recipe(year.recipe).model_copy(update=SMALLER)
    model = shipped.model_copy(update={"recipes": (recipe,)})
    fits = KeptFits(catalog, model, read_year(catalog, shipped))
    memory = Memory(fits, POLICIES["ours"])
    span = Span(fits, year.nights, "weekly", (memory,))
    healthy: dict[date, int] = {}
    branches: list[tuple[str, date, KeptFits, Sequence[Decision]]] = []
    for nth, night in enumerate(year.nights.each()):
        week, weekday = divmod(nth, 7)
        lasts = night + timedelta(days=7 * WEEKS) <= year.nights.last
        if not weekday and week >= FIRST_START and not (week - FIRST_START) % WEEKS_APART and lasts:
            for name, poison in CREEPING.items():
                branches.append((name, night, *branch(span, memory, night, poison)))
            print(f"  {model.name}: poisons from {night} on are tried", file=sys.stderr)
        span.run(night)
        if not weekday:
            healthy[night] = span.tonight[0].version.version
    fits.keep_all()
    runs: dict[str, list[Run]] = {name: [] for name in CREEPING}
    for name, start, other, decisions in branches:
        true = other.with_history(fits.history)
        runs[name].append(
            tuple(_look_up(true, fits, healthy[d.night], d, start) for d in decisions if d.night > start)
        )
        true.keep_all()
    return runs


def branch(span: Span, memory: Memory, start: date, poison: Creeping) -> tuple[KeptFits, Sequence[Decision]]:
    """Run eight weeks from a start on with a poison in the labels of all days since; return fits and decisions."""
    assert isinstance(memory.fits, KeptFits)
    fits = memory.fits.with_history(corrupt(memory.fits, start, poison))
    copied = replace(
        memory,
        fits=fits,
        evaluations=[*memory.evaluations],
        decisions=[*memory.decisions],
        evidence=[*memory.evidence],
        paired=dict(memory.paired),
        shadow=dict(memory.shadow),
        served=[*memory.served],
    )
    other = Span(fits, span.nights, span.cadence, (copied,), span.tonight)
    for night in Days(first=start, last=start + timedelta(days=7 * WEEKS)).each():
        other.run(night)
    return fits, copied.decisions


def corrupt(fits: KeptFits, start: date, poison: Creeping) -> History:
    """Return the rows with a poison in the labels of all days since the start."""
    history = fits.history
    labels = history.rows["label"].to_numpy(np.float64).copy()
    last = history.rows["day"].iloc[-1]
    for since, day in enumerate(Days(first=start, last=last).each()):
        rows = (history.rows["day"] == day).to_numpy()
        labels[rows] = poison(labels[rows], since, np.random.default_rng([since, start.toordinal()]))
    rows = history.rows.assign(label=labels.astype(history.rows["label"].dtype))
    return cut(fits.model, rows, Days(first=history.first, last=last))


def _look_up(true: KeptFits, fits: KeptFits, healthy: int, decision: Decision, start: date) -> Week:
    assert decision.champion_after is not None
    return Week(
        days=(decision.night - start).days,
        blocked_by=tuple(reason.guard for reason in decision.reasons if not reason.passed),
        refresh=mean_served_loss(true, decision.challenger, decision.night),
        served=mean_served_loss(true, decision.champion_after, decision.night),
        healthy=mean_served_loss(fits, healthy, decision.night),
    )
