"""The labelled rows that a backtest lives in, read once and cut by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.lake import Lake, read_examples
from contender.records import Pin
from contender.specs import Days, ModelSpec
from contender.training import training_days


class BacktestError(RuntimeError):
    """There is nothing to live in; the message says what is missing."""


@dataclass(frozen=True)
class History:
    """Rows with features and label, ordered by day; `starts[d]` is the first row of the d-th day from `first`."""

    rows: pd.DataFrame
    first: date
    starts: NDArray[np.int64]
    pins: tuple[Pin, ...] = ()

    def between(self, days: Days) -> pd.DataFrame:
        """The rows of these days, in their order."""
        low, high = (self._start(day) for day in (days.first, days.last + timedelta(days=1)))
        return self.rows.iloc[low:high]

    def _start(self, day: date) -> int:
        nth = min(max((day - self.first).days, 0), len(self.starts) - 1)
        return int(self.starts[nth])


def read_history(model: ModelSpec, nights: Days, lake: Lake) -> History:
    """All that the nights may fit, judge or be scored on. Raises BacktestError when none of it is in the lake."""
    spans = [training_days(model, recipe, nights.first) for recipe in model.recipes]
    first = min(span.first for span in spans)
    days = Days(first=first, last=model.scored_days(nights).last)
    held = lake.days(model.label_contract.table)
    if not held:
        raise BacktestError(
            f"{model.name}: the lake holds no labels: run features__{model.name} for a range of nights first"
        )
    needed = max(span.last for span in spans)
    if held[0] > needed or held[-1] < model.matured_days(nights).first:
        raise BacktestError(
            f"{model.name}: labels are held from {held[0]} to {held[-1]}; the night {nights.first} is fitted on days "
            f"up to {needed}: choose nights between, or load more history by features__{model.name}"
        )
    return cut(read_examples(lake, model, days, ()), days)


def cut(rows: pd.DataFrame, days: Days) -> History:
    """A history from labelled rows in the order of `read_examples`."""
    rows = rows.sort_values("day", kind="stable", ignore_index=True)
    numbers = np.array([(day - days.first).days for day in rows["day"]], dtype=np.int64)
    return History(rows, days.first, np.searchsorted(numbers, np.arange(len(days) + 1)))
