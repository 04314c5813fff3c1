"""Forecast what more rows bring: an inverse power law with an offset, fitted to a learning curve.

Of the families that Viering & Loog compare ("The shape of learning curves: a review", IEEE TPAMI 45, 2023), it is the
one that most studies support. Curves are often ill-behaved, that is they rise or are not convex (Yan, Mohr & Viering,
"LCDB 1.1: a database illustrating learning curves are more ill-behaved than previously thought", NeurIPS 2025: about
one in seven). Such curves are not extrapolated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.stats import t

from contender.feasibility.figures import SizePoint
from contender.specs.frozen import Frozen

FAMILY = "loss = limit + a / rows^b"
COVERED = 0.9  # of the interval of a forecast
NEAR = 0.01  # near the limit: at most this share above it
FEWEST_SIZES = 5
SIGNIFICANCE = 0.05  # of all tests of a curve together
SMALLEST_RISE = 0.005  # as a share of the loss: smaller ones do not matter
MOST_ROWS = 10**9

_EXPONENTS = np.geomspace(0.05, 2, 400)
_DRAWS = 20  # for each exponent
_FEWEST_DRAWS = 40  # of those that fall to a limit of at least 0


class Forecasted(Frozen):
    """A forecast with its 90 % interval; None is beyond `MOST_ROWS`."""

    value: float | None
    low: float | None
    high: float | None


class ForecastPoint(Frozen):
    """The forecast loss at a number of rows."""

    rows: int
    loss: Forecasted


class Forecast(Frozen):
    """The forecast of a curve; without points, `why_not` says why it cannot be extrapolated."""

    fitted_from: int = Field(default=0, description="smallest number of rows that the law is fitted to")
    points: tuple[ForecastPoint, ...] = ()
    limit: Forecasted | None = None
    rows_near_limit: Forecasted | None = Field(
        default=None, description="rows at which the loss is within 1 % of the limit"
    )
    why_not: str | None = None


class Laws(NamedTuple):
    """Draws of the law's parameters that agree with a curve; rows are in units of `unit`."""

    unit: float
    limit: NDArray[np.float64]
    factor: NDArray[np.float64]
    exponent: NDArray[np.float64]
    noise: NDArray[np.float64]

    def predict(self, rows: float, seed: int = 0) -> Forecasted:
        """Return the loss that would be measured on the same blocks with so many rows."""
        random = np.random.default_rng(seed)
        mean = self.limit + self.factor * (rows / self.unit) ** -self.exponent
        return summarise(mean + self.noise * random.standard_normal(len(mean)), mean)

    def rows_near_limit(self) -> Forecasted:
        """Return the rows at which the loss is within a share `NEAR` of its limit."""
        limit = np.maximum(np.abs(self.limit), np.finfo(float).tiny)
        with np.errstate(over="ignore"):
            rows = self.unit * (self.factor / (NEAR * limit)) ** (1 / self.exponent)
        return summarise(np.minimum(rows, 2.0 * MOST_ROWS), most=MOST_ROWS)


def forecast(curve: Sequence[SizePoint], rows: Sequence[int], *, nonnegative: bool = True) -> Forecast:
    """Forecast the loss at these numbers of rows, or say why the curve cannot be extrapolated.

    `nonnegative`: the loss is never below 0, so neither is its limit.
    """
    if len(curve) < FEWEST_SIZES:
        return Forecast(why_not=f"it has {len(curve)} sizes; at least {FEWEST_SIZES} are needed")
    tail = curve[find_start(curve) :]
    if len(tail) < FEWEST_SIZES:
        return Forecast(
            fitted_from=tail[0].rows,
            why_not=f"it falls fastest just before {tail[0].rows:,} rows, and only {len(tail)} sizes follow; "
            f"at least {FEWEST_SIZES} are needed",
        )
    if why := find_misbehaviour(tail):
        return Forecast(fitted_from=tail[0].rows, why_not=why)
    laws = fit_laws(tail, nonnegative=nonnegative)
    if laws is None:
        return Forecast(fitted_from=tail[0].rows, why_not="no falling curve agrees with it")
    return Forecast(
        fitted_from=tail[0].rows,
        points=tuple(ForecastPoint(rows=n, loss=laws.predict(n)) for n in rows),
        limit=summarise(laws.limit),
        rows_near_limit=laws.rows_near_limit(),
    )


def find_start(curve: Sequence[SizePoint]) -> int:
    """Return the first point that the law is fitted to: the one after the steepest fall on a logarithmic axis.

    With fewer rows, many learners predict a constant. A curve that falls fastest at once is fitted as a whole.
    """
    steps = np.diff(np.log([point.rows for point in curve]))
    falls = -np.diff([point.loss for point in curve]) / steps
    steepest = int(falls.argmax())
    return steepest + 1 if steepest else 0


def find_misbehaviour(curve: Sequence[SizePoint]) -> str | None:
    """Return how a curve rises, or is not convex on a logarithmic axis, beyond noise and by more than 0.5 %.

    A difference is beyond noise if a one-sided paired t-test over the blocks finds it, with the significance divided by
    the number of tests.
    """
    losses = np.array([point.losses for point in curve])
    means, places = losses.mean(axis=1), np.log([point.rows for point in curve])
    tests = len(curve) * (len(curve) - 1) // 2 + len(curve) - 2  # all pairs, and all neighbours
    for nth in range(1, len(curve)):
        best = int(means[:nth].argmin())
        if _is_above(losses[nth] - losses[best], means[best], tests):
            return (
                f"it rises: from {means[best]:.5g} with {curve[best].rows:,} rows to {means[nth]:.5g} with "
                f"{curve[nth].rows:,}"
            )
    for nth in range(1, len(curve) - 1):
        share = (places[nth] - places[nth - 1]) / (places[nth + 1] - places[nth - 1])
        chord = (1 - share) * losses[nth - 1] + share * losses[nth + 1]
        if _is_above(losses[nth] - chord, means[nth], tests):
            return (
                f"it is not convex: with {curve[nth].rows:,} rows the loss is {means[nth]:.5g}, above the line "
                f"between {curve[nth - 1].rows:,} and {curve[nth + 1].rows:,} rows"
            )
    return None


def _is_above(differences: NDArray[np.float64], loss: float, tests: int) -> bool:
    mean, count = float(differences.mean()), len(differences)
    if mean <= SMALLEST_RISE * abs(loss) or count < 2:
        return False
    error = float(differences.std(ddof=1)) / np.sqrt(count)
    return bool(mean > float(t.ppf(1 - SIGNIFICANCE / tests, count - 1)) * error)


def fit_laws(curve: Sequence[SizePoint], *, nonnegative: bool = True) -> Laws | None:
    """Draw laws from their posterior: exponents on a grid, and limit and factor by weighted regression for each.

    The variance combines the residuals of the fit with the differences between blocks. Laws that rise, or, for a loss
    that is never negative, have a negative limit, are left out; None if hardly any is left.
    """
    random = np.random.default_rng(0)
    losses = np.array([point.losses for point in curve])
    rows = np.array([float(point.rows) for point in curve])
    y, x, known, freedom = losses.mean(axis=1), rows / rows[-1], *_noise_of(losses)
    designs = np.stack([np.ones((len(_EXPONENTS), len(x))), x ** -_EXPONENTS[:, None]], axis=2)
    inverses = np.linalg.inv(designs.transpose(0, 2, 1) @ designs)
    fitted = np.einsum("eij,erj,r->ei", inverses, designs, y)
    residuals = y - np.einsum("eri,ei->er", designs, fitted)
    squares, degrees = (residuals**2).sum(axis=1) + known * freedom, len(x) - 3 + freedom
    noise = np.sqrt(squares[:, None] / random.chisquare(degrees, (len(_EXPONENTS), _DRAWS)))
    shifts = random.standard_normal((len(_EXPONENTS), _DRAWS, 2)) @ np.linalg.cholesky(inverses).transpose(
        0, 2, 1
    )
    drawn = fitted[:, None] + noise[..., None] * shifts
    exponents = np.broadcast_to(_EXPONENTS[:, None], noise.shape)
    every = np.concatenate([drawn, exponents[..., None], noise[..., None]], axis=2).reshape(-1, 4)
    logarithms = np.repeat(-degrees / 2 * np.log(np.maximum(squares, 1e-300)), _DRAWS)
    kept = (every[:, 1] > 0) & (~np.bool_(nonnegative) | (every[:, 0] >= 0))
    if kept.sum() < _FEWEST_DRAWS:
        return None
    every, logarithms = every[kept], logarithms[kept]
    chances = np.exp(logarithms - logarithms.max())
    chosen = every[random.choice(len(every), 4000, p=chances / chances.sum())]
    return Laws(float(rows[-1]), *chosen.T)


def _noise_of(losses: NDArray[np.float64]) -> tuple[float, int]:
    """Return the variance of a point apart from the block's own level, and its degrees of freedom."""
    sizes, blocks = losses.shape
    apart = losses - losses.mean(axis=0) - losses.mean(axis=1, keepdims=True) + losses.mean()
    freedom = (sizes - 1) * (blocks - 1)
    return (float((apart**2).sum()) / freedom / blocks, blocks - 1) if freedom else (0.0, 0)


def summarise(
    draws: NDArray[np.float64], means: NDArray[np.float64] | None = None, most: float | None = None
) -> Forecasted:
    """Return the median and the interval of draws; with `most`, larger numbers are None."""
    tail = (1 - COVERED) / 2
    low, high = (float(q) for q in np.quantile(draws, [tail, 1 - tail]))
    found = (float(np.median(draws if means is None else means)), low, high)
    value, low_, high_ = (None if most is not None and one > most else one for one in found)
    return Forecasted(value=value, low=low_, high=high_)
