"""The labelled rows of a backtest: read once from the lake, or built if missing, and indexed by day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from contender.featurizing import build_in_scratch
from contender.installation import Installation
from contender.lake import Lake, join_examples, pin_examples
from contender.measures import Outcomes, kind_of
from contender.records import Pin
from contender.specs import Contract, Days, ModelSpec, dag_id
from contender.training import training_days


class BacktestError(RuntimeError):
    """There are no rows to run the nights on; the message says what is missing."""


class Late(NamedTuple):
    """Days whose outcomes become known only in the night `until`."""

    days: Days
    until: date


@dataclass(frozen=True)
class History:
    """Rows with features and label, ordered by day; `starts[d]` is the first row of the d-th day from `first`."""

    rows: pd.DataFrame
    first: date
    starts: NDArray[np.int64]
    outcomes: Outcomes
    pins: tuple[Pin, ...] = ()
    late: Late | None = None

    def between(self, days: Days) -> pd.DataFrame:
        """Return the rows of these days, in order."""
        return self.rows.iloc[self._span(days)]

    def labels(self, days: Days) -> Outcomes:
        """Return the outcomes of these days, in the order of the rows."""
        return self.outcomes[self._span(days)]

    def knows(self, day: date, night: date) -> bool:
        """Return whether the outcomes of a day, which have matured, are known in a night."""
        return self.late is None or night >= self.late.until or day not in self.late.days

    def known(self, days: Days, night: date) -> NDArray[np.bool_]:
        """Return for each row of these days whether its outcome is known in a night."""
        known = [np.full(self.count(day), self.knows(day, night)) for day in days.each()]
        return np.concatenate(known)

    def count(self, day: date) -> int:
        """Return the number of rows of a day."""
        span = self._span(Days.one(day))
        return int(span.stop - span.start)

    def days_with_rows(self, days: Days) -> int:
        """Return the number of these days that have rows."""
        low, high = (self._nth(day) for day in (days.first, days.last + timedelta(days=1)))
        return int(np.count_nonzero(np.diff(self.starts[low : high + 1])))

    def _span(self, days: Days) -> slice:
        low, high = (self.starts[self._nth(day)] for day in (days.first, days.last + timedelta(days=1)))
        return slice(int(low), int(high))

    def _nth(self, day: date) -> int:
        return min(max((day - self.first).days, 0), len(self.starts) - 1)


def read_history(model: ModelSpec, nights: Days, lake: Lake) -> History:
    """Read all rows that the nights need from the lake's feature and label tables.

    Raises BacktestError if there are no rows to fit the first night on, or to evaluate it.
    """
    return _index(model, nights, _read(model, nights, lake))


def build_history(
    installation: Installation, model: ModelSpec, nights: Days, report: Callable[[str], None] = lambda _: None
) -> History:
    """Read the rows as `read_history` does, and build missing days from the datasets, where these are complete.

    The in-process engine builds them in a temporary folder; the lake is not changed. `report` is called with a message
    first. Raises BacktestError as `read_history` does, and BuildError if the features cannot be built.
    """
    found = _read(model, nights, installation.lake)
    missing = _buildable(installation, model, found)
    if missing is not None:
        report(
            f"{model.name}: the lake does not have all features and labels of {missing.key}: building them from the "
            "datasets in a temporary folder"
        )
        built = _build(installation, model, missing)
        found = found._replace(
            features=_fill(model.feature_contract, found.features, built["features"]),
            labels=_fill(model.label_contract, found.labels, built["labels"]),
        )
    return _index(model, nights, found)


class _Found(NamedTuple):
    """The rows of the days that some nights need, as far as the lake has them."""

    days: Days
    pins: tuple[Pin, ...]
    features: pa.Table
    labels: pa.Table


def _read(model: ModelSpec, nights: Days, lake: Lake) -> _Found:
    spans = [training_days(model, recipe, nights.first) for recipe in model.all_recipes]
    days = Days(first=min(span.first for span in spans), last=model.scored_days(nights).last)
    pins = pin_examples(lake, model)
    snapshots = {pin.table: pin.snapshot for pin in pins}
    features, labels = (
        lake.read(contract, days, snapshot=snapshots.get(contract.table))
        for contract in (model.feature_contract, model.label_contract)
    )
    return _Found(days, pins, features, labels)


def _index(model: ModelSpec, nights: Days, found: _Found) -> History:
    history = cut(model, join_examples(model, found.features, found.labels), found.days, found.pins)
    needed = max(training_days(model, recipe, nights.first).last for recipe in model.recipes)
    if history.rows.empty:
        raise BacktestError(
            f"{model.name}: the lake has neither labelled rows for the nights {nights.key} nor datasets to build them "
            f"from: choose other nights, or load history with the ingest DAGs and {dag_id('features', model.name)}"
        )
    first, last = history.rows["day"].iloc[0], history.rows["day"].iloc[-1]
    if first > needed or last < model.matured_days(nights).first:
        raise BacktestError(
            f"{model.name}: there are labelled rows from {first} to {last}, and the night {nights.first} is fitted on "
            f"days up to {needed}: choose other nights, or load more history with {dag_id('features', model.name)}"
        )
    return history


def cut(model: ModelSpec, rows: pd.DataFrame, days: Days, pins: tuple[Pin, ...] = ()) -> History:
    """Make a history from labelled rows in the order of `join_examples`."""
    rows = rows.sort_values("day", kind="stable", ignore_index=True)
    numbers = np.array([(day - days.first).days for day in rows["day"]], dtype=np.int64)
    starts = np.searchsorted(numbers, np.arange(len(days) + 1))
    return History(rows, days.first, starts, kind_of(model).encode(rows["label"]), pins)


def _buildable(installation: Installation, model: ModelSpec, found: _Found) -> Days | None:
    """Return the range of nights whose rows are missing from the lake and can be built from the datasets."""
    days, held_features, held_labels = found.days, _days_of(found.features), _days_of(found.labels)
    nights = Days(
        first=days.first - timedelta(days=model.horizon_days),
        last=days.last + timedelta(days=model.label_maturity_days),
    )
    known = _known_nights(installation, model)
    wanted = set(days.each())
    lacking = [
        night
        for night in nights.each()
        if night in known
        and (
            model.scored_days(Days.one(night)).first in wanted - held_features
            or model.matured_days(Days.one(night)).first in wanted - held_labels
        )
    ]
    return Days(first=lacking[0], last=lacking[-1]) if lacking else None


def _known_nights(installation: Installation, model: ModelSpec) -> set[date]:
    """Return the nights for which every daily input has its newest day and the history that the model reads."""
    known: set[date] | None = None
    for source in installation.catalog.sources(model):
        if not source.contract.daily:
            continue
        held = installation.lake.days(source.contract.table)
        if not held:
            return set()
        since = held[0] + timedelta(days=source.history_days - 1)
        nights = {day - timedelta(days=source.lead_days) for day in held if day >= since}
        known = nights if known is None else known & nights
    return known or set()


def _build(installation: Installation, model: ModelSpec, nights: Days) -> dict[str, pa.Table]:
    if model.engine == "spark":
        raise BacktestError(
            f"{model.name}: features of {nights.key} are missing, and the spec has engine='spark': build them with "
            f"{dag_id('features', model.name)}, with `first` {nights.first} and `last` {nights.last}"
        )
    return build_in_scratch(installation, model, nights)


def _fill(contract: Contract, held: pa.Table, built: pa.Table) -> pa.Table:
    """Return the rows in `held`, and the days of `built` that are missing from it."""
    known = _days_of(held)
    lacking = pa.array([day not in known for day in built["day"].to_pylist()], pa.bool_())
    both = pa.concat_tables([held, built.select(held.column_names).filter(lacking).cast(held.schema)])
    return both.sort_by([(name, "ascending") for name in contract.primary_key])


def _days_of(rows: pa.Table) -> set[date]:
    return set(rows["day"].unique().to_pylist())
