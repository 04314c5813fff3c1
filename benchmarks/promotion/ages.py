"""The loss of a version in the week after a night, and how much it grows while refreshes are held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from statistics import fmean, stdev

import numpy as np
from scipy.stats import t

from benchmarks.promotion.rows import Row
from contender.backtesting import Fits
from contender.records import Decision
from contender.specs import Days

DAYS_SERVED = 7
AGES = (7, 14, 28, 56)
LATER = "refreshed {} nights earlier"
CONFIDENCE = 0.95


def mean_served_loss(fits: Fits, version: int, night: date) -> float:
    """Return the mean loss over the rows of the days that the following nights score."""
    nights = Days(first=night + timedelta(days=1), last=night + timedelta(days=DAYS_SERVED))
    days = fits.model.scored_days(nights)
    fits.scores(version, days)  # in one call, which is faster than day by day
    served = [day for each in days.each() for day in fits.serve(version, each)]
    return float(np.average([day.loss for day in served], weights=[day.rows for day in served]))


def measure_ages(
    fits: Fits, decisions: Sequence[Decision], ages: Sequence[int] = AGES, apart: int = DAYS_SERVED
) -> Iterator[Row]:
    """Return how much more refreshes lose that are some decisions older than the newest one, promoted or not.

    All ages are compared in the same weeks, which begin `apart` decisions after each other. The interval is Student's t
    over these weeks.
    """
    weeks = range(max(ages), len(decisions), apart)
    newest = {nth: mean_served_loss(fits, decisions[nth].challenger, decisions[nth].night) for nth in weeks}
    for age in ages:
        extra = [
            mean_served_loss(fits, decisions[nth - age].challenger, decisions[nth].night) / newest[nth] - 1
            for nth in weeks
        ]
        mean = fmean(extra)
        reach = float(t.ppf(0.5 + CONFIDENCE / 2, len(extra) - 1)) * stdev(extra) / len(extra) ** 0.5
        yield Row(
            table="held",
            rule=LATER.format(age),
            data=fits.model.name,
            nights=len(extra),
            effect=round(mean, 5),
            ci_low=round(mean - reach, 5),
            ci_high=round(mean + reach, 5),
        )
