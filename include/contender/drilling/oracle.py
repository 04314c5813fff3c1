"""The oracle of a drill: nightly refreshes on short windows, of which the best is chosen in hindsight.

They are fitted on all known outcomes, with no day left out to evaluate them on, and no guard holds them: this shows how
low the loss of a refreshed version could have been.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from contender.backtesting import Fits, Made, ServedDay
from contender.specs import Days

WINDOWS = (7, 28)


class Oracle(NamedTuple):
    """The days served by the best window, with its number of days."""

    window: int
    served: tuple[ServedDay, ...]


def find_oracle(
    fits: Fits, nights: Days, blind: Sequence[ServedDay], report: Callable[[date], None]
) -> Oracle:
    """Return the window with the lowest loss over all nights; that of the recipe, served blindly, is one of them."""
    own = fits.model.recipes[0].window_days
    served = {window: _serve(fits, nights, window, report) for window in WINDOWS if window < own} | {
        own: tuple(blind)
    }
    best = min(served, key=lambda window: _total(served[window]))
    return Oracle(best, served[best])


def _serve(fits: Fits, nights: Days, window: int, report: Callable[[date], None]) -> tuple[ServedDay, ...]:
    """Serve each night's rows by the version that was fitted the night before."""
    model = fits.model
    recipe = model.recipes[0].model_copy(update={"window_days": window})
    served: list[ServedDay] = []
    newest: Made | None = None
    for night in nights.each():
        before = night - timedelta(days=1)
        known = model.matured_days(Days.one(before)).reaching_back(window - 1)
        newest = fits.fit(recipe, before, fits.labelled(known, before)) or newest
        if newest is not None:
            served += fits.serve(newest.version.version, model.scored_days(Days.one(night)).last)
        report(night)
    return tuple(served)


def _total(served: Sequence[ServedDay]) -> float:
    rows = sum(day.rows for day in served)
    return sum(day.loss * day.rows for day in served) / rows if rows else float("inf")
