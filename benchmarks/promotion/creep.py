"""Evaluate the guard `outcomes`: wrong labels that arrive with new days only, day after day.

Weekly refreshes of a model's recipe predict each day of a real year. From a start on, a poison is put into the labels
of all later days, for eight weeks, and the guard compares them every night with those predictions. The versions that
predict are the healthy ones: a poisoned day is served and evaluated before any refresh is fitted on it, and the guard
should hold refreshes from then on. What the poison would do is measured by a refresh that is fitted after the eight
weeks: its loss in the following seven days, on the true labels.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from math import inf
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.promotion.ages import mean_served_loss
from benchmarks.promotion.harm import CHOSEN, YEARS, Year
from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.rows import Row, count
from benchmarks.promotion.years import read_year
from contender.evaluating import agree_on, find_outcome_change, served_days
from contender.measures import Agreement
from contender.records import OutcomeChange
from contender.settings import PROJECT
from contender.specs import Days, ModelSpec, load_catalog
from contender.training import training_days

DAYS = 56
# The first start has twelve weeks of served days before it; the others follow a week apart. On every eighth of them, a
# refresh is fitted after the poison.
FIRST_START, APART, FITTED = 84, 7, 8
HEALTHY, HELD, EXTRA = "healthy", "held within {} days", "without the guard"
WITHIN = (7, 14, 28, DAYS)

Labels = NDArray[np.float64]
# From the labels of a day, the number of days since the start, and a random generator.
Creeping = Callable[[Labels, int, np.random.Generator], Labels]


def lose_positives(share: float, labels: Labels, _: int, random: np.random.Generator) -> Labels:
    """Set a random share of the positive labels to 0."""
    return np.where(random.random(len(labels)) < share, 0, labels)


def flip(share: float, labels: Labels, _: int, random: np.random.Generator) -> Labels:
    """Invert a random share of the labels."""
    return np.where(random.random(len(labels)) < share, 1 - labels, labels)


def flip_gradually(share: float, labels: Labels, since: int, random: np.random.Generator) -> Labels:
    """Invert a random share of the labels, which grows by the same share each day."""
    return flip(min(share * (since + 1), 0.5), labels, since, random)


def shuffle(labels: Labels, _: int, random: np.random.Generator) -> Labels:
    """Shuffle the labels among the rows of the day, as a wrong join does."""
    return random.permutation(labels)


CREEPING: Mapping[str, Creeping] = {
    "half of the positives lost": partial(lose_positives, 0.5),
    "a fifth of the positives lost": partial(lose_positives, 0.2),
    "labels flipped, 10 %": partial(flip, 0.1),
    "labels flipped, +0.3 % a day": partial(flip_gradually, 0.003),
    "labels shuffled within the day": shuffle,
}


class ServedYear(NamedTuple):
    """The fits of a year, and the version that predicted each day, in order."""

    year: Year
    fits: KeptFits
    versions: Mapping[date, int]


def measure_creep() -> Iterator[Row]:
    """Serve both years, and count healthy nights and poisoned starts that are held."""
    for year in YEARS:
        served = serve_year(year)
        yield from count_healthy(served)
        for name, poison in CREEPING.items():
            starts = list(served.versions)[FIRST_START:-DAYS:APART]
            waited = [count_days(served, start, poison) for start in starts]
            yield from _count_held(year.model, name, waited)
            extra = fmean(measure_extra_loss(served, start, poison) for start in starts[::FITTED])
            yield Row(table="creep", rule=EXTRA, data=year.model, effect=name, served_loss=round(extra, 4))
            print(f"  {year.model}: {name}, {len(starts)} starts are tried", file=sys.stderr)
        served.fits.keep_all()


def serve_year(year: Year) -> ServedYear:
    """Return the newest weekly refresh of each day of a year; fits are cached below build/."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    shipped = catalog.model(year.model)
    model = shipped.model_copy(update={"recipes": (shipped.recipe(year.recipe),)})
    fits = KeptFits(catalog, model, read_year(catalog, shipped))
    versions: dict[date, int] = {}
    for nth, night in enumerate(year.nights.each()):
        if nth % 7 == 0:
            fits.fit(model.recipes[0], night)
        day = model.scored_days(Days.one(night)).first
        if fits.history.count(day):
            versions[day] = len(fits.made)
    return ServedYear(year, fits, versions)


def count_healthy(served: ServedYear) -> Iterator[Row]:
    """Count the nights of the year that are held without a poison, before and after the bounds were chosen."""
    year, model = served.year, served.fits.model
    agreements = _agree_all(served)
    nights = [
        night for night in year.nights.each() if _evidence(model, night, agreements).days > FIRST_START // 3
    ]
    for data, some in (
        (year.model, [night for night in nights if night >= year.reported_from]),
        (
            f"{year.model}, {CHOSEN}",
            [night for night in nights if night < year.reported_from],
        ),
    ):
        passed = sum(not _is_held(_evidence(model, night, agreements)) for night in some)
        yield Row(table="creep", rule=HEALTHY, data=data, effect=HEALTHY, **count(passed, len(some)))


def count_days(served: ServedYear, start: date, poison: Creeping) -> int | None:
    """Return the number of days with poisoned labels until refreshes are held; None if they never are."""
    model, agreements = served.fits.model, _agree_all(served)
    for since in range(DAYS):
        day = start + timedelta(days=since)
        if day in served.versions:
            found = agree_on(model, _poisoned(served, day, since, poison), _predict(served, day))
            agreements |= {} if found is None else {day: found}
        night = day + timedelta(days=model.label_maturity_days)
        if _is_held(_evidence(model, night, agreements)):
            return since + 1
    return None


def measure_extra_loss(served: ServedYear, start: date, poison: Creeping) -> float:
    """Return the loss increase of a refresh fitted after the poison, as a share of the healthy refresh's loss."""
    fits, night = served.fits, start + timedelta(days=DAYS)
    recipe = fits.model.recipes[0]
    rows = fits.history.between(training_days(fits.model, recipe, night))
    labels = rows["label"].to_numpy(np.float64).copy()
    for since in range(DAYS):
        day = start + timedelta(days=since)
        chosen = (rows["day"] == day).to_numpy()
        if chosen.any():
            labels[chosen] = _poisoned(served, day, since, poison)
    poisoned = fits.fit(recipe, night, rows.assign(label=labels.astype(np.int64)))
    healthy = fits.fit(recipe, night)
    assert poisoned is not None
    assert healthy is not None
    losses = [mean_served_loss(fits, made.version.version, night) for made in (poisoned, healthy)]
    return losses[0] / losses[1] - 1


def _count_held(data: str, poison: str, waited: Sequence[int | None]) -> Iterator[Row]:
    known = [days for days in waited if days is not None]
    middle = median([*known, *[inf] * (len(waited) - len(known))])
    for days in WITHIN:
        passed = count(len(waited) - sum(one <= days for one in known), len(waited))
        yield Row(
            table="creep",
            rule=HELD.format(days),
            data=data,
            effect=poison,
            median_days=None if middle == inf else middle,
            **passed,
        )


def _agree_all(served: ServedYear) -> dict[date, Agreement]:
    found = {day: served.fits.agree(version, day) for day, version in served.versions.items()}
    return {day: one for day, one in found.items() if one is not None}


def _evidence(model: ModelSpec, night: date, agreements: Mapping[date, Agreement]) -> OutcomeChange:
    days = served_days(model, night)
    return find_outcome_change(model, {day: one for day, one in agreements.items() if day in days})


def _is_held(found: OutcomeChange) -> bool:
    return max(found.missing or 0.0, found.weaker or 0.0) > found.bar


def _poisoned(served: ServedYear, day: date, since: int, poison: Creeping) -> Labels:
    return poison(
        served.fits.history.labels(Days.one(day)), since, np.random.default_rng([since, day.toordinal()])
    )


def _predict(served: ServedYear, day: date) -> Labels:
    return served.fits.scores(served.versions[day], Days.one(day))
