"""Summaries of a column's numbers: encoded as a sketch in a day's profile, decoded, and mixed.

A sketch holds at most 200 numbers: all of them, or exact quantiles at evenly spaced ranks, with a rank error of at most
0.5 %. It is stored as a KLL sketch (Karnin, Lang, Liberty: Optimal Quantile Approximation in Streams, FOCS 2016), which
keeps that many numbers unchanged. With more numbers, or merged with another, KLL chooses at random which ones it keeps,
and a figure close to its limit could pass the first time and fail the next.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from datasketches import kll_doubles_sketch

Numbers = npt.NDArray[np.float64]

SKETCH_SIZE = 200  # of KLL: the most numbers that it keeps unchanged
POINTS = 64
RANKS = np.linspace(0, 1, POINTS)


@dataclass(frozen=True, eq=False)
class Distribution:
    """Ascending numbers, and for each the share of the column's numbers up to it; both empty for a column of none.

    What follows from a distribution alone is computed once: a day is compared with each of the next 28 days.
    """

    numbers: Numbers
    shares: Numbers

    @cached_property
    def weights(self) -> Numbers:
        """The share of each number."""
        return np.diff(self.shares, prepend=0.0)

    @cached_property
    def points(self) -> Numbers:
        """The quantiles at RANKS, each once. A number with a share of more than 1 / POINTS is one of them."""
        return np.unique(self.quantiles(RANKS))

    @cached_property
    def shares_of_points(self) -> Numbers:
        """The share of each of its points."""
        return self.share_of(self.points)

    def quantiles(self, ranks: Numbers) -> Numbers:
        """Return the smallest number up to which there is at least this share of all numbers, for each rank."""
        found: Numbers = self.numbers[np.minimum(self.shares.searchsorted(ranks), len(self.numbers) - 1)]
        return found

    def up_to(self, points: Numbers) -> Numbers:
        """Return the share of numbers up to each point."""
        share: Numbers = self._shares_of_first[self.numbers.searchsorted(points, side="right")]
        return share

    def share_of(self, points: Numbers) -> Numbers:
        """Return the share of numbers that equal each point."""
        share: Numbers = self.up_to(points) - self._shares_of_first[self.numbers.searchsorted(points)]
        return share

    @cached_property
    def _shares_of_first(self) -> Numbers:
        """The share of the first numbers, from none to all."""
        return np.concatenate([[0.0], self.shares])


def encode(numbers: Numbers) -> str:
    """Return the sketch of a column's numbers; NaN is left out. The order of the numbers does not matter."""
    sketch = kll_doubles_sketch(SKETCH_SIZE)
    ascending = np.sort(numbers[~np.isnan(numbers)]) + 0.0  # -0.0 becomes 0.0
    if len(ascending) > SKETCH_SIZE:
        ascending = ascending[np.linspace(0, len(ascending) - 1, SKETCH_SIZE).round().astype(np.intp)]
    sketch.update(ascending)
    return base64.b64encode(sketch.serialize()).decode()


@lru_cache(maxsize=4096)
def decode(text: str) -> Distribution:
    """Return the distribution that a sketch holds; of a sketch of more numbers than it keeps, an approximation."""
    sketch = kll_doubles_sketch.deserialize(base64.b64decode(text))
    if sketch.is_empty():
        return Distribution(np.array([]), np.array([]))
    held = [*sketch, (sketch.get_min_value(), 0), (sketch.get_max_value(), 0)]
    return _distribution(np.array([number for number, _ in held]), np.array([weight for _, weight in held]))


def mix(days: Sequence[Distribution], sizes: Sequence[int]) -> Distribution:
    """Return the distribution of the numbers of several days together, which had so many numbers each."""
    weights = [day.weights * size for day, size in zip(days, sizes, strict=True)]
    return _distribution(np.concatenate([day.numbers for day in days]), np.concatenate(weights))


def _distribution(numbers: Numbers, weights: npt.NDArray[np.number]) -> Distribution:
    order = numbers.argsort(kind="stable")
    shares = weights[order].cumsum(dtype=np.float64)
    return Distribution(numbers[order], shares / shares[-1] if len(shares) else shares)
