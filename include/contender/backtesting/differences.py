"""Differences between the served losses of two policies over the days that both served, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field
from scipy.stats import t

from contender.backtesting.made import ServedDay
from contender.records import Interval
from contender.specs.frozen import Frozen

CONFIDENCE = 0.95
DAYS_FOR_AN_INTERVAL = 14
BLOCKS_FOR_AN_INTERVAL = 4
WEEK = 7


class Difference(Frozen):
    """The mean over rows of one loss minus another; negative if the first is lower."""

    mean: float
    interval: Interval | None = Field(
        description=f"95 % interval; None with fewer than {DAYS_FOR_AN_INTERVAL} days, or "
        f"{BLOCKS_FOR_AN_INTERVAL} blocks of days"
    )
    days: int
    same: bool = Field(description="whether the losses are equal on every day")

    @property
    def shown(self) -> bool:
        """Whether the interval excludes 0."""
        return self.interval is not None and (self.interval.low > 0 or self.interval.high < 0)

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """The ends of the interval; both None if there is none."""
        return (None, None) if self.interval is None else (self.interval.low, self.interval.high)


def compare_served(
    ours: Sequence[ServedDay], theirs: Sequence[ServedDay], block_days: int = 1
) -> Difference | None:
    """Return the losses of `ours` minus those of `theirs` over the days of both; None without a common day.

    Rows of a day are correlated, so the sample size is the number of days: the variance is that of a ratio of sums,
    linearised (Cochran, "Sampling Techniques", 3rd ed., section 6.4), with Student's t. Days are assumed to be
    independent; if a difference lasts for several days, the interval is too narrow. Blocks of `block_days` calendar
    days are then the sample.
    """
    other = {day.day: day for day in theirs}
    both = [(day, other[day.day]) for day in ours if day.day in other]
    if not both:
        return None
    rows = np.array([day.rows for day, _ in both], dtype=np.float64)
    gaps = np.array([day.loss - its.loss for day, its in both])
    mean = float((rows * gaps).sum() / rows.sum())
    blocks = np.array([(day.day - both[0][0].day).days // block_days for day, _ in both])
    count = len(np.unique(blocks))
    fewest = DAYS_FOR_AN_INTERVAL if block_days == 1 else BLOCKS_FOR_AN_INTERVAL
    interval = None
    if count >= fewest:
        residuals = np.bincount(blocks, rows * (gaps - mean))
        error = float(np.sqrt((residuals**2).sum() * count / (count - 1)) / rows.sum())
        reach = float(t.ppf(0.5 + CONFIDENCE / 2, count - 1)) * error
        interval = Interval(low=mean - reach, high=mean + reach)
    return Difference(mean=mean, interval=interval, days=len(both), same=not gaps.any())
