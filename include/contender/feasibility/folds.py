"""Held-out blocks at the end of a history, and how many of the days before each of them are trained on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from contender.specs import Days, ModelSpec

BLOCKS = 5
SIZES = 9
LONGEST = 28  # days of a block: long enough for several weekends, and a version is seldom served for longer
SMALLEST = 64  # the smallest size is this part of all days
HELD_OUT = 3  # at most this part of the days with known labels is held out


class Folds(NamedTuple):
    """The held-out blocks, oldest first, the sizes in days with rows, and all days with rows."""

    blocks: tuple[Days, ...]
    sizes: tuple[int, ...]
    days: tuple[date, ...]

    def training_days(self, model: ModelSpec, block: Days, size: int) -> Days:
        """Return the newest days whose labels are known when a block's first day is scored."""
        end = bisect_right(self.days, model.last_fitted_before(block.first))
        return Days(first=self.days[end - size], last=self.days[end - 1])


def plan_folds(model: ModelSpec, days: Sequence[date]) -> Folds | None:
    """Plan the blocks and sizes for the days with rows, in order. None if there are too few days for any.

    Every block is preceded by enough days for the largest size, so that all sizes are measured on the same blocks.
    """
    length = min(LONGEST, (len(days) - model.outcome_lag) // (BLOCKS * HELD_OUT))
    if length < 1:
        return None
    held = days[-BLOCKS * length :]
    blocks = tuple(Days(first=held[n * length], last=held[(n + 1) * length - 1]) for n in range(BLOCKS))
    most = bisect_right(days, model.last_fitted_before(blocks[0].first))
    if most < 2:
        return None
    smallest = max(1, most // SMALLEST)
    sizes = np.unique(np.round(np.geomspace(smallest, most, SIZES)).astype(int))
    return Folds(blocks, tuple(int(size) for size in sizes), tuple(days))
