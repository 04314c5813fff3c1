"""The best nights to fit in, chosen in hindsight: what no cadence could have known."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from contender.backtesting.cadences import find_bounds
from contender.backtesting.fits import Fits
from contender.backtesting.made import Made, ServedDay
from contender.specs import Days

Served = tuple[ServedDay, ...]


class Oracle(NamedTuple):
    """The fits of the best nights, and what they served."""

    fits: tuple[Made, ...]
    served: Served


def choose_best_nights(fits: Fits, nights: Days) -> Oracle:
    """Return the fits with the lowest sum of served losses and costs of fits.

    Every refresh of the first recipe is promoted, and serves for at most `max_age_days`. A fit costs `fit_cost` of the
    mean loss of a day, as in the model's `when_needed` or by default. Solved exactly, by dynamic programming over the
    night of the newest fit. Fits the recipe in every night.
    """
    bounds = find_bounds(fits.model)
    made = [fits.fit_once(fits.model.recipes[0], night) for night in nights.each()]
    able = [place for place, one in enumerate(made) if one is not None]
    if not able:
        return Oracle((), ())
    after = {place: _serve(fits, nights, made[place], bounds.max_age_days) for place in able}
    fresh = [_sum(day) for ahead in after.values() for day in ahead[:1]]
    cost = bounds.fit_cost * sum(fresh) / max(len(fresh), 1)
    chosen = choose_places(after, able[0], len(made), cost)
    ends = (*chosen[1:], len(made) - 1)
    return Oracle(
        tuple(one for place in chosen if (one := made[place]) is not None),
        tuple(
            day
            for place, end in zip(chosen, ends, strict=True)
            for served in after[place][: end - place]
            for day in served
        ),
    )


def _serve(fits: Fits, nights: Days, made: Made | None, longest: int) -> list[Served]:
    """Return what a version serves in each of the nights after its own, as far as it may serve."""
    assert made is not None
    version, first = made.version.version, made.version.night + timedelta(days=1)
    last = min(nights.last, made.version.night + timedelta(days=longest))
    if first > last:
        return []
    scored = fits.model.scored_days(Days(first=first, last=last))
    fits.scores(version, scored)  # at once: a call for each day would take longer
    return [fits.serve(version, day) for day in scored.each()]


def _sum(served: Served) -> float:
    return sum(day.loss * day.rows for day in served)


def choose_places(after: dict[int, list[Served]], first: int, count: int, cost: float) -> tuple[int, ...]:
    """Return the places of the fits with the lowest sum, from the first possible one on."""
    best: dict[int, tuple[float, tuple[int, ...]]] = {first: (cost, (first,))}
    ended: list[tuple[float, tuple[int, ...]]] = []
    for place, ahead in after.items():
        if place not in best:
            continue
        spent, chosen = best[place]
        if place + len(ahead) >= count - 1:
            ended.append((spent + sum(map(_sum, ahead)), chosen))
        for nights, served in enumerate(ahead, start=1):
            spent += _sum(served)
            later = place + nights
            if later in after and (later not in best or spent + cost < best[later][0]):
                best[later] = spent + cost, (*chosen, later)
    return min(ended)[1] if ended else (first,)
