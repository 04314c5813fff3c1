"""Evaluate the guards: refreshes fitted on corrupted rows, as if every gate had let the fault pass.

A model's recipe is refreshed every week of a real year, and a smaller one every night, by the same functions as in the
DAGs. On some of these nights, each poison is put into that night's training rows alone: the version is fitted,
evaluated against the champion of the night, and decided about with the night's own memory of refreshes, standing and
evidence. Then its loss in the following seven days is computed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.poisons import POISONS
from benchmarks.promotion.rows import Row, count
from benchmarks.promotion.years import read_year
from contender.backtesting import Cadence, Fits, run_backtest_on
from contender.backtesting.made import Made
from contender.evaluating import with_usual_change
from contender.promoting import decide_night
from contender.promoting.weigh import DOUBTING_LABELS
from contender.records import Decision, Evaluation
from contender.settings import PROJECT
from contender.specs import Days, ModelSpec, load_catalog
from contender.specs.frozen import Frozen
from contender.training import training_days

DAYS_SERVED = 7
REMEMBERED = 8
HEALTHY, WEEKLY = "healthy", "healthy, weekly"
NAMES: Mapping[str, str] = {"weekly": WEEKLY, "nightly": HEALTHY}
ANY, ANY_HARMFUL = "any corruption", "any harmful corruption"
HARMFUL = 0.01
# A year of nightly fits takes minutes, not hours, with a recipe of 20 trees on six weeks.
SMALLER = {
    "window_days": 42,
    "parameters": {"max_iter": 20, "learning_rate": 0.2, "max_leaf_nodes": 15, "min_samples_leaf": 200},
}
CHOSEN = "used to choose the bounds"


class Year(NamedTuple):
    """A model, its refreshed recipe, the nights, and the first night that was not used to choose the bounds.

    Poisons are tried on every `poisoned_every`th night of the last cadence.
    """

    model: str
    recipe: str
    nights: Days
    reported_from: date
    cadences: tuple[Cadence, ...]
    poisoned_every: int


YEARS = (
    Year(
        "flight_delay",
        "boosted_trees",
        Days(first=date(2013, 3, 1), last=date(2013, 12, 20)),
        date(2013, 9, 1),
        ("weekly",),
        poisoned_every=12,
    ),
    Year(
        "household_return",
        "recent_trees",
        Days(first=date(2017, 3, 25), last=date(2017, 12, 16)),
        date(2017, 9, 1),
        ("weekly", "nightly"),
        poisoned_every=18,
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


def measure_harm() -> Iterator[Row]:
    """Run both years and count; healthy refreshes used to choose the bounds are counted separately."""
    for year in YEARS:
        tried = list(try_year(year))
        chosen = [one for one in tried if one.poison in (HEALTHY, WEEKLY) and one.night < year.reported_from]
        yield from count_harm(year.model, [one for one in tried if one not in chosen])
        yield from count_harm(f"{year.model}, {CHOSEN}", chosen)


def count_harm(data: str, tried: Sequence[Tried]) -> Iterator[Row]:
    """What was let through of each poison and of the healthy, by the guards and by each alone; and the worst nights."""
    poisoned = [one for one in tried if one.poison not in (HEALTHY, WEEKLY)]
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


def try_year(year: Year) -> Iterator[Tried]:
    """Return the weekly refreshes of a real year, which is prepared first, and the nightly ones of a smaller recipe."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    shipped = catalog.model(year.model)
    recipe, history = shipped.recipe(year.recipe), read_year(catalog, shipped)
    recipes = {"weekly": recipe, "nightly": recipe.model_copy(update=SMALLER)}
    for cadence in year.cadences:
        model = shipped.model_copy(update={"recipes": (recipes[cadence],)})
        fits = KeptFits(catalog, model, history)
        decisions = run_backtest_on(fits, year.nights, ["ours"], cadence).results[0].decisions
        yield from try_refreshes(fits, decisions, NAMES[cadence])
        if cadence == year.cadences[-1]:
            yield from try_poisons(fits, decisions, decisions[REMEMBERED :: year.poisoned_every])
        fits.keep_all()


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


def mean_served_loss(fits: Fits, version: int, night: date) -> float:
    """Return the mean loss over the rows of the days that the following nights score."""
    nights = Days(first=night + timedelta(days=1), last=night + timedelta(days=DAYS_SERVED))
    served = [day for each in fits.model.scored_days(nights).each() for day in fits.serve(version, each)]
    return float(np.average([day.loss for day in served], weights=[day.rows for day in served]))
