"""Made-up studies of feasibility: figures that would be measured, and curves that follow a law."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

from contender.feasibility.ages import GROUPS
from contender.feasibility.figures import (
    AgeGroup,
    Arrivals,
    Comparison,
    Estimate,
    FeatureGain,
    History,
    MissingValues,
    SizePoint,
    Study,
    Timing,
)
from contender.records import Interval
from contender.specs import Days

FIRST = date(2013, 1, 1)
SIZES = (1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000)


def estimate(value: float, reach: float = 0.01) -> Estimate:
    """An estimate with an interval of this reach on both sides."""
    return Estimate(value=value, interval=Interval(low=value - reach, high=value + reach))


def curve(
    *losses: float, noise: float = 0.0, seed: int = 0, sizes: tuple[int, ...] = SIZES
) -> tuple[SizePoint, ...]:
    """A learning curve over five blocks of different difficulty, with noise of each fit."""
    random = np.random.default_rng(seed)
    levels = np.linspace(-0.02, 0.02, 5)
    return tuple(
        SizePoint(
            days=nth + 1,
            rows=rows,
            losses=tuple(float(one) for one in loss + levels + random.normal(0, noise, 5)),
        )
        for nth, (rows, loss) in enumerate(zip(sizes, losses, strict=False))
    )


def law(limit: float, factor: float, exponent: float, sizes: tuple[int, ...] = SIZES) -> tuple[float, ...]:
    """The losses of an inverse power law; `factor` is the excess at the smallest size."""
    return tuple(limit + factor * (size / sizes[0]) ** -exponent for size in sizes)


def history(days: int = 300, **own: object) -> History:
    """A complete history of this many days."""
    span = Days(first=FIRST, last=FIRST + timedelta(days=days - 1))
    found = History(
        days=span,
        days_with_rows=days,
        missing_days=0,
        rows=100 * days,
        read_from=span.first,
        rows_used=100 * days,
        newest_features=span.last + timedelta(days=1),
        missing_values=(MissingValues(name="wind", share=0.25),),
    )
    return found.model_copy(update=own)


def arrivals(**own: object) -> Arrivals:
    """An input that is due three hours before its predictions."""
    found = Arrivals(
        table="datasets.sales",
        due=datetime(2013, 9, 2, 3, tzinfo=UTC),
        grace_hours=2,
        deadline=datetime(2013, 9, 2, 6, tzinfo=UTC),
        recorded=30,
        late=0,
    )
    return found.model_copy(update=own)


def comparison(**own: object) -> Comparison:
    """A model that is better than the baseline and than permuted labels."""
    found = Comparison(
        rows=3500,
        days=35,
        loss=estimate(0.2),
        baseline=0.25,
        floor=0.3,
        beyond_baseline=estimate(-0.05),
        beyond_floor=estimate(-0.1),
        within_day=True,
        refits=2,
    )
    return found.model_copy(update=own)


def study(**own: object) -> Study:
    """A study of which everything is good."""
    found = Study(
        model="churn",
        recipe="trees",
        loss="brier",
        seed=1,
        history=history(),
        timing=Timing(scored_by="06:00 UTC", label_maturity_days=0, outcome_lag=1, inputs=(arrivals(),)),
        blocks=tuple(Days.one(FIRST + timedelta(days=n)) for n in range(5)),
        curve=curve(*law(0.2, 0.05, 0.5), noise=1e-4),
        comparison=comparison(),
        gains=(
            FeatureGain(name="spend", gain=estimate(0.03)),
            FeatureGain(name="noise", gain=estimate(0.001)),
        ),
        ages=tuple(
            AgeGroup(
                name=name, rows=100, share=0.25, loss=0.2, baseline=0.25, beyond_baseline=estimate(-0.05)
            )
            for name, _ in GROUPS
        ),
    )
    return found.model_copy(update=own)
