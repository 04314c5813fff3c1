"""Evaluate the guards: refreshes fitted on corrupted rows, as if every gate had let the fault pass.

A model's recipe is refreshed every night of a real year, and every week, by the same functions as in the DAGs. On some
of these nights, each poison is put into that night's training rows alone: the version is fitted, evaluated against the
champion of the night, and decided about with the night's own memory of refreshes, standing and evidence. Then its loss
in the following seven days is computed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from statistics import fmean
from typing import NamedTuple

from benchmarks.promotion.ages import mean_served_loss, measure_ages
from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.poisons import POISONS
from benchmarks.promotion.rows import Row, count
from benchmarks.promotion.years import read_year
from contender.backtesting import CadenceName, Fits, run_backtest_on
from contender.backtesting.made import Made
from contender.evaluating import with_usual_change
from contender.promoting import decide_night
from contender.promoting.weigh import DOUBTING_LABELS
from contender.records import Decision, Evaluation
from contender.settings import PROJECT
from contender.specs import Days, ModelSpec, load_catalog
from contender.specs.frozen import Frozen
from contender.training import training_days

REMEMBERED = 8
HEALTHY, WEEKLY = "healthy", "healthy, weekly"
NAMES: Mapping[str, str] = {"weekly": WEEKLY, "nightly": HEALTHY}
ANY, ANY_HARMFUL = "any corruption", "any harmful corruption"
HARMFUL = 0.01
HELD = "held refreshes"
CHOSEN = "used to choose the bounds"


class Year(NamedTuple):
    """A model, its refreshed recipe, the nights, and the first night that was not used to choose the bounds.

    Poisons are tried on every `poisoned_every`th night.
    """

    model: str
    recipe: str
    nights: Days
    reported_from: date
    poisoned_every: int


YEARS = (
    Year(
        "flight_delay",
        "boosted_trees",
        Days(first=date(2013, 3, 1), last=date(2013, 12, 20)),
        date(2013, 9, 1),
        poisoned_every=18,
    ),
    Year(
        "household_return",
        "recent_trees",
        Days(first=date(2017, 3, 25), last=date(2017, 12, 16)),
        date(2017, 9, 1),
        poisoned_every=16,
    ),
)


class Tried(Frozen):
    """A refresh of one night, and the mean loss of the days after it: if it served, the healthy one, or the old one."""

    poison: str
    night: date
    spoke: tuple[str, ...]
    spoke_without_history: tuple[str, ...]
    loss: float
    healthy_loss: float
    champion_loss: float

    @property
    def is_healthy(self) -> bool:
        """Whether its training rows were not corrupted."""
        return self.poison in (HEALTHY, WEEKLY)

    @property
    def extra(self) -> float:
        """Loss increase as a share of the healthy refresh's loss."""
        return self.loss / self.healthy_loss - 1


NOTHING, OURS, WITHOUT = "no guards", "guards", "guards without history"
INSTEAD, ALONE = "healthy refresh", " alone"
PASSES: Mapping[str, Callable[[Tried], bool]] = {
    NOTHING: lambda _: True,
    OURS: lambda one: not one.spoke,
    WITHOUT: lambda one: not one.spoke_without_history,
}


class Series(NamedTuple):
    """The refreshes of a year in one cadence."""

    cadence: CadenceName
    fits: KeptFits
    decisions: Sequence[Decision]


def measure_harm() -> Iterator[Row]:
    """Run both years and count; healthy refreshes used to choose the bounds are counted separately."""
    for year in YEARS:
        tried: list[Tried] = []
        for series in run_year(year):
            tried += try_refreshes(series.fits, series.decisions, NAMES[series.cadence])
            if series.cadence == "nightly":
                chosen = series.decisions[REMEMBERED :: year.poisoned_every]
                tried += try_poisons(series.fits, series.decisions, chosen)
                yield from measure_ages(series.fits, series.decisions)
            series.fits.keep_all()
        yield from count_year(year, tried)


def count_year(year: Year, tried: Sequence[Tried]) -> Iterator[Row]:
    """Count a year's refreshes, the ones that were used to choose the bounds separately."""
    earlier = [one for one in tried if one.is_healthy and one.night < year.reported_from]
    yield from count_harm(year.model, [one for one in tried if one not in earlier])
    yield from count_harm(f"{year.model}, {CHOSEN}", earlier)
    yield from count_held(year.model, tried)


def count_harm(data: str, tried: Sequence[Tried]) -> Iterator[Row]:
    """What was let through of each poison and of the healthy, by the guards and by each alone; and the worst nights."""
    poisoned = [one for one in tried if not one.is_healthy]
    groups = {name: [one for one in tried if one.poison == name] for name in (HEALTHY, WEEKLY, *POISONS)}
    groups |= {ANY: poisoned, ANY_HARMFUL: [one for one in poisoned if one.extra > HARMFUL]}
    for name, some in groups.items():
        if some:
            yield from _count(data, name, some)


def _count(data: str, poison: str, tried: Sequence[Tried]) -> Iterator[Row]:
    worst = max(tried, key=lambda one: one.extra)
    for rule, passes in PASSES.items():
        loss = worst.loss if passes(worst) else worst.champion_loss
        yield _row(
            rule, data, poison, tried, [one for one in tried if passes(one)], served_loss=round(loss, 5)
        )
    yield Row(
        table="harm stopped",
        rule=INSTEAD,
        data=data,
        nights=1,
        effect=poison,
        served_loss=round(worst.healthy_loss, 5),
    )
    for guard in sorted({guard for one in tried for guard in one.spoke}):
        yield _row(f"{guard}{ALONE}", data, poison, tried, [one for one in tried if guard not in one.spoke])


def count_held(data: str, tried: Sequence[Tried]) -> Iterator[Row]:
    """Count the healthy refreshes that were held, and their mean loss increase had they served, not the champion."""
    healthy = [one for one in tried if one.is_healthy]
    held = [one for one in healthy if one.spoke]
    extra = round(fmean(one.loss / one.champion_loss - 1 for one in held), 5) if held else None
    passed = count(len(healthy) - len(held), len(healthy))
    yield Row(table="held", rule=HELD, data=data, effect=extra, **passed)


def _row(
    rule: str, data: str, poison: str, tried: Sequence[Tried], passed: Sequence[Tried], **more: float
) -> Row:
    return Row(
        table="harm stopped",
        rule=rule,
        data=data,
        nights=len({one.night for one in tried}),
        effect=poison,
        **count(len(passed), len(tried)),
        **more,
    )


def run_year(year: Year) -> Iterator[Series]:
    """Return the nightly and the weekly refreshes of a real year, which is prepared first."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    shipped = catalog.model(year.model)
    model = shipped.model_copy(update={"recipes": (shipped.recipe(year.recipe),)})
    history = read_year(catalog, shipped)
    cadences: tuple[CadenceName, ...] = ("nightly", "weekly")
    for cadence in cadences:
        fits = KeptFits(catalog, model, history)
        decisions = run_backtest_on(fits, year.nights, ["ours"], cadence).results[0].decisions
        yield Series(cadence, fits, decisions)


def try_refreshes(
    fits: Fits, decisions: Sequence[Decision], name: str, remembered: int = REMEMBERED
) -> Iterator[Tried]:
    """Return the healthy refreshes that have `remembered` ones before them."""
    for decision in decisions[remembered:]:
        yield _try(fits, decisions, decision, name, fits.made[decision.challenger])


def try_poisons(fits: Fits, decisions: Sequence[Decision], chosen: Sequence[Decision]) -> Iterator[Tried]:
    """Return a refresh of each of the `chosen` nights with each poison.

    Of each poison, the column or group is another one night by night. Raises RuntimeError when a fit is impossible.
    """
    model, recipe = fits.model, fits.model.recipes[0]
    for nth, decision in enumerate(chosen):
        rows = fits.history.between(training_days(model, recipe, decision.night))
        for name, poison in POISONS.items():
            made = fits.fit(recipe, decision.night, poison(model, rows, nth))
            if made is None:
                raise RuntimeError(
                    f"{model.name} {decision.night}: no fit with {name}: {fits.failed[decision.night]}"
                )
            yield _try(fits, decisions, decision, name, made)
        print(f"  {model.name}: poisons of {decision.night} are tried", file=sys.stderr)


def _try(fits: Fits, decisions: Sequence[Decision], tonight: Decision, poison: str, made: Made) -> Tried:
    champion = tonight.champion_before
    assert champion is not None
    past = [fits.judge(d.challenger, d.champion_before) for d in decisions if d.night < tonight.night]
    judged = with_usual_change(fits.judge(made.version.version, champion), past)

    return Tried(
        poison=poison,
        night=tonight.night,
        spoke=_spoke(judged, tonight, fits.model),
        spoke_without_history=_spoke(judged.model_copy(update={"history": None}), tonight, fits.model),
        loss=mean_served_loss(fits, made.version.version, tonight.night),
        healthy_loss=mean_served_loss(fits, tonight.challenger, tonight.night),
        champion_loss=mean_served_loss(fits, champion, tonight.night),
    )


def _spoke(judged: Evaluation, tonight: Decision, model: ModelSpec) -> tuple[str, ...]:
    """Return the guards that would have blocked the refresh."""
    assert tonight.grounds is not None
    (decision,) = decide_night([judged], tonight.evidence, tonight.grounds.standing, model.guards)
    # The outcomes of served days are the same, whatever the night's training rows are.
    doubted = [reason for reason in tonight.reasons if reason.guard in DOUBTING_LABELS]
    return tuple(reason.guard for reason in (*decision.reasons, *doubted) if not reason.passed)
