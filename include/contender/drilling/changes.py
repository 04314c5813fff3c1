"""The changes of drills: pure functions of a model's real rows, the first changed day, and the case.

Rows have the row key, the features, `label`, and the score columns as predicted by the version that served. Rows before
the start are returned as they are, and the columns and their types stay the same. Draws depend on the seed and the day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import wraps
from typing import NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.specs import ModelSpec

Rows = pd.DataFrame
# The regime break of a drill that returns ends after this many days.
BREAK_DAYS = 28
GRADUAL_DAYS = 20
SEASON_DAYS = 7
_FEWEST_WEEKS_AWAY = 6
_BREAK_DEVIATIONS = 2.0


class DrillError(ValueError):
    """A drill makes no sense for a model or its rows; the message says why, and what to choose instead."""


class Case(NamedTuple):
    """The model that is drilled, and how strongly; `column` is used by drills of one column.

    `deviation` is the standard deviation of the outcomes before the start, the unit in which numbers are shifted.
    """

    model: ModelSpec
    strength: float
    seed: int = 0
    column: str = ""
    deviation: float = 1.0


Change = Callable[[Rows, date, Case], Rows]
# From a day's rows, the number of days since the start, the case, and the generator of the day.
DayChange = Callable[[Rows, int, Case, np.random.Generator], Rows]


def open_case(model: ModelSpec, before: Rows, strength: float, seed: int = 0, column: str = "") -> Case:
    """Return the case of a drill that starts after the rows in `before`."""
    deviation = 1.0
    if model.predicts == "quantity" and len(before):
        deviation = float(before["label"].std(ddof=0)) or 1.0
    return Case(model, strength, seed, column, deviation)


def split_days(rows: Rows) -> Iterator[tuple[date, Rows]]:
    """Yield each day that has rows, in order, with its rows."""
    for day, of_day in rows.groupby("day", sort=True):
        yield cast("date", day), of_day


def each_day(change: DayChange) -> Change:
    """Return the change of all rows that applies `change` to each day from the start on."""

    @wraps(change)
    def changed(rows: Rows, start: date, case: Case) -> Rows:
        parts = [rows[rows["day"] < start]]
        for day, of_day in split_days(rows[rows["day"] >= start]):
            since = (day - start).days
            parts.append(change(of_day, since, case, np.random.default_rng([case.seed, since])))
        together: Rows = pd.concat(parts, ignore_index=True).astype(rows.dtypes.to_dict())
        return together

    return changed


@each_day
def empty_column(rows: Rows, _: int, case: Case, random: np.random.Generator) -> Rows:
    """Empty a column in a share of the rows."""
    return rows.assign(**{case.column: rows[case.column].mask(random.random(len(rows)) < case.strength)})


@each_day
def change_unit(rows: Rows, _: int, case: Case, __: np.random.Generator) -> Rows:
    """Multiply a number by a factor, as after a change of units."""
    return rows.assign(**{case.column: rows[case.column] * case.strength})


@each_day
def freeze_column(rows: Rows, _: int, case: Case, __: np.random.Generator) -> Rows:
    """Set a column to its first value of the day."""
    known = rows[case.column].dropna()
    return rows.assign(**{case.column: known.iloc[0]}) if len(known) else rows


@each_day
def shuffle_scores(rows: Rows, _: int, case: Case, random: np.random.Generator) -> Rows:
    """Shuffle the predictions of a day among its rows, as a wrong join does."""
    names = list(case.model.score_names)
    return rows.assign(
        **dict(zip(names, rows[names].to_numpy()[random.permutation(len(rows))].T, strict=True))
    )


@each_day
def fix_scores(rows: Rows, _: int, case: Case, __: np.random.Generator) -> Rows:
    """Serve the mean prediction of the day for every row."""
    return rows.assign(**{name: float(rows[name].mean()) for name in case.model.score_names})


@each_day
def change_outcomes(rows: Rows, _: int, case: Case, random: np.random.Generator) -> Rows:
    """Invert a share of the outcomes; numbers are shifted, all of them, by a number of standard deviations."""
    return _change_outcomes(rows, case, case.strength, random)


@each_day
def change_gradually(rows: Rows, since: int, case: Case, random: np.random.Generator) -> Rows:
    """Change outcomes as `change_outcomes`, a little more each day, in full from the 20th day on."""
    return _change_outcomes(rows, case, case.strength * min(since + 1, GRADUAL_DAYS) / GRADUAL_DAYS, random)


@each_day
def change_mix(rows: Rows, _: int, case: Case, random: np.random.Generator) -> Rows:
    """Lose a share of the rows in the lower half of the prediction: the inputs change, outcomes given inputs do not."""
    order = _order(rows, case.model)
    kept: Rows = rows[(order >= np.median(order)) | (random.random(len(rows)) < 1 - case.strength)]
    return kept


@each_day
def break_regime(rows: Rows, _: int, case: Case, random: np.random.Generator) -> Rows:
    """Lose a share of the rows, mostly those of low predictions, and change outcomes of the upper half of the rest.

    The volume falls by `strength`. That share of the outcomes in the upper half is inverted, or, of numbers, shifted by
    two standard deviations: a refresh can learn it.
    """
    return _break(rows, case, random)


@each_day
def break_and_return(rows: Rows, since: int, case: Case, random: np.random.Generator) -> Rows:
    """Change 28 days as `break_regime`; then everything is as it was before."""
    return _break(rows, case, random) if since < BREAK_DAYS else rows


def borrow_season(rows: Rows, start: date, case: Case) -> Rows:
    """Replace a week by the same weekdays of another season: real rows with their outcomes, under other dates.

    They come from `strength` weeks earlier, or from the earliest week that there is. Raises DrillError if that is less
    than six weeks before.
    """
    weeks = min(int(case.strength), (start - rows["day"].min()).days // 7)
    if weeks < _FEWEST_WEEKS_AWAY:
        raise DrillError(
            f"{case.model.name}: there are rows for {weeks} weeks before {start}, and another season is at least "
            f"{_FEWEST_WEEKS_AWAY} weeks away: start the drill later, or load more history"
        )
    away = timedelta(weeks=weeks)
    last = start + timedelta(days=SEASON_DAYS - 1)
    there = rows[(rows["day"] >= start - away) & (rows["day"] <= last - away)]
    borrowed = there.assign(day=[day + away for day in there["day"]])
    parts = [
        rows[rows["day"] < start],
        borrowed[borrowed["day"] <= rows["day"].max()],
        rows[rows["day"] > last],
    ]
    together: Rows = pd.concat(parts, ignore_index=True).astype(rows.dtypes.to_dict())
    return together


def keep_rows(rows: Rows, _: date, __: Case) -> Rows:
    """Return the rows as they are: only the night in which their outcomes become known changes."""
    return rows


def _order(rows: Rows, model: ModelSpec) -> NDArray[np.float64]:
    """Return the prediction that orders rows: the middle one of several scores."""
    names = model.score_names
    return np.asarray(rows[names[len(names) // 2]].to_numpy(np.float64))


def _break(rows: Rows, case: Case, random: np.random.Generator) -> Rows:
    order = _order(rows, case.model)
    kept_share = 1 - case.strength
    share = np.where(order < np.median(order), 0.2 * kept_share, 1.8 * kept_share)
    left = rows[random.random(len(rows)) < share]
    order = _order(left, case.model)
    upper = order >= (np.median(order) if len(left) else 0.0)
    chosen = upper & (random.random(len(left)) < case.strength)
    return left.assign(label=_inverted(left["label"], chosen, case, _BREAK_DEVIATIONS))


def _change_outcomes(rows: Rows, case: Case, strength: float, random: np.random.Generator) -> Rows:
    numbers = case.model.predicts == "quantity"
    chosen = np.ones(len(rows), bool) if numbers else random.random(len(rows)) < strength
    return rows.assign(label=_inverted(rows["label"], chosen, case, strength))


def _inverted(
    labels: pd.Series, chosen: NDArray[np.bool_], case: Case, deviations: float
) -> NDArray[np.generic]:
    """Return labels with the chosen ones inverted: 0 for 1, the next class, or a number shifted by deviations."""
    match case.model.predicts:
        case "probability":
            other = 1 - labels
        case "class":
            classes = case.model.classes
            following = dict(zip(classes, (*classes[1:], classes[0]), strict=True))
            other = labels.map(following)
        case _:
            other = labels + deviations * case.deviation
    return np.asarray(np.where(chosen, other, labels))
