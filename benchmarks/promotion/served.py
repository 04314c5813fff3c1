"""The served loss of each promotion rule over a real year, on the same nights and fits.

The rules are policies of `contender backtest`, over the champion's recipe alone: rivals have a race of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.rows import Row
from benchmarks.promotion.years import NIGHTS, read_year
from contender.backtesting import CadenceName, Fits, PolicyResult, ServedDay, run_backtest_on
from contender.backtesting.differences import compare_served
from contender.settings import PROJECT
from contender.specs import Days, load_catalog

OURS = "Contender (guards)"
BEST, BEST_OF_DAY = "best single rule, in hindsight", "best rule per day, in hindsight"


class Year(NamedTuple):
    """The nights of a model, and how often it is refitted."""

    data: str
    model: str
    cadence: CadenceName
    nights: Days


POLICIES: Mapping[str, str] = {
    OURS: "ours",
    "never refresh": "static",
    "always refresh": "blind",
    "better over 7 days": "better-lately",
    "refresh by sequential test": "strict-race",
}
BLIND_WEEKLY = "always refresh, weekly"
# Nightly refits of the groceries' year take an hour of computing.
YEARS = (
    Year("flight_delay, refitted weekly", "flight_delay", "weekly", NIGHTS["flight_delay"]),
    Year("flight_delay, refitted nightly", "flight_delay", "nightly", NIGHTS["flight_delay"]),
    Year("household_return, refitted weekly", "household_return", "weekly", NIGHTS["household_return"]),
)


def measure_served() -> Iterator[Row]:
    """Return the served loss of each rule over all nights, and by month."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    for year in YEARS:
        model = catalog.model(year.model)
        model = model.model_copy(update={"recipes": model.recipes[:1]})
        fits = KeptFits(catalog, model, read_year(catalog, model))
        print(f"  {year.data}, {year.nights.key}", file=sys.stderr)
        results = run_rules(fits, year.nights, year.cadence)
        fits.keep_all()
        yield from compare(year.data, {rule: one.served for rule, one in results.items()}, results)


def run_rules(fits: Fits, nights: Days, cadence: CadenceName) -> Mapping[str, PolicyResult]:
    """Return the result of each rule, by name."""
    results = run_backtest_on(fits, nights, tuple(POLICIES.values()), cadence, _report).results
    found = dict(zip(POLICIES, results, strict=True))
    if cadence == "nightly":
        (found[BLIND_WEEKLY],) = run_backtest_on(fits, nights, ("blind",), "weekly", _report).results
    return found


def compare(
    data: str, served: Mapping[str, Sequence[ServedDay]], results: Mapping[str, PolicyResult]
) -> Iterator[Row]:
    """A row for each rule over the days that all of them served, `effect` being its loss minus ours; then by month."""
    days = sorted(set.intersection(*({day.day for day in its} for its in served.values())))
    by_rule = {name: [day for day in its if day.day in set(days)] for name, its in served.items()}
    best = min(by_rule, key=lambda name: mean_loss(by_rule[name]))
    of_day = [min(their, key=lambda day: day.loss) for their in zip(*by_rule.values(), strict=True)]
    for name, its in {**by_rule, BEST: by_rule[best], BEST_OF_DAY: of_day}.items():
        against = compare_served(its, by_rule[OURS])
        low, high = (None, None) if against is None else against.ends
        yield Row(
            table="served",
            rule=name,
            data=data,
            nights=len(days),
            effect=None if against is None else round(against.mean, 6),
            ci_low=None if low is None else round(low, 6),
            ci_high=None if high is None else round(high, 6),
            served_loss=round(mean_loss(its), 6),
            promotions=results[name].promotions if name in results else None,
        )
    for name, its in by_rule.items():
        for month in sorted({day.day.replace(day=1) for day in its}):
            those = [day for day in its if day.day.replace(day=1) == month]
            yield Row(
                table="served by month",
                rule=name,
                data=data,
                nights=len(those),
                effect=f"{month:%Y-%m}",
                served_loss=round(mean_loss(those), 6),
            )


def mean_loss(served: Sequence[ServedDay]) -> float:
    """Mean loss over all rows of these days."""
    return sum(day.loss * day.rows for day in served) / sum(day.rows for day in served)


def _report(night: date) -> None:
    if night.day == 1:
        print(f"  results to {night}", file=sys.stderr)
