"""The labelled rows of a backtest: read once from the lake, built where it lacks them, and cut by day."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from contender.featurizing import collect, plan_features, run_in_process
from contender.installation import Installation
from contender.lake import Lake, join_examples, pin_examples, places
from contender.measures import Outcomes
from contender.records import Pin
from contender.specs import Contract, Days, ModelSpec, dag_id
from contender.training import training_days


class BacktestError(RuntimeError):
    """There is no history to run nights over; the message says what is missing."""


@dataclass(frozen=True)
class History:
    """Rows with features and label, ordered by day; `starts[d]` is the first row of the d-th day from `first`."""

    rows: pd.DataFrame
    first: date
    starts: NDArray[np.int64]
    outcomes: Outcomes
    pins: tuple[Pin, ...] = ()

    def between(self, days: Days) -> pd.DataFrame:
        """The rows of these days, in their order."""
        return self.rows.iloc[self._span(days)]

    def labels(self, days: Days) -> Outcomes:
        """The outcomes of these days, in the order of their rows."""
        return self.outcomes[self._span(days)]

    def count(self, day: date) -> int:
        """How many rows a day has."""
        span = self._span(Days.one(day))
        return int(span.stop - span.start)

    def days_with_rows(self, days: Days) -> int:
        """How many of these days have any."""
        low, high = (self._nth(day) for day in (days.first, days.last + timedelta(days=1)))
        return int(np.count_nonzero(np.diff(self.starts[low : high + 1])))

    def _span(self, days: Days) -> slice:
        low, high = (self.starts[self._nth(day)] for day in (days.first, days.last + timedelta(days=1)))
        return slice(int(low), int(high))

    def _nth(self, day: date) -> int:
        return min(max((day - self.first).days, 0), len(self.starts) - 1)


def read_history(model: ModelSpec, nights: Days, lake: Lake) -> History:
    """All that the nights may fit, judge or be scored on, as the lake's feature and label tables hold it.

    Raises BacktestError when there is nothing to fit the first night on, or to judge it.
    """
    return _cut_or_refuse(model, nights, _read(model, nights, lake))


def build_history(
    installation: Installation, model: ModelSpec, nights: Days, tell: Callable[[str], None] = lambda _: None
) -> History:
    """`read_history`, with the days that the tables lack built from the datasets, as far as these suffice.

    The in-process engine builds them into a folder that is gone afterwards; `tell` hears of it, and the lake stays as
    it is. Raises BacktestError as `read_history` does, and BuildError when the model's features cannot be built.
    """
    found = _read(model, nights, installation.lake)
    missing = _buildable(installation, model, found)
    if missing is not None:
        tell(
            f"{model.name}: features and labels of nights in {missing.key} are built from the datasets, apart from the "
            "lake, which does not hold them"
        )
        built = _build(installation, model, missing)
        found = found._replace(
            features=_fill(model.feature_contract, found.features, built["features"]),
            labels=_fill(model.label_contract, found.labels, built["labels"]),
        )
    return _cut_or_refuse(model, nights, found)


class _Found(NamedTuple):
    """What the lake holds of the days that some nights need."""

    days: Days
    pins: tuple[Pin, ...]
    features: pa.Table
    labels: pa.Table


def _read(model: ModelSpec, nights: Days, lake: Lake) -> _Found:
    spans = [training_days(model, recipe, nights.first) for recipe in model.recipes]
    days = Days(first=min(span.first for span in spans), last=model.scored_days(nights).last)
    pins = pin_examples(lake, model)
    snapshots = {pin.table: pin.snapshot for pin in pins}
    features, labels = (
        lake.read(contract, days, snapshot=snapshots.get(contract.table))
        for contract in (model.feature_contract, model.label_contract)
    )
    return _Found(days, pins, features, labels)


def _cut_or_refuse(model: ModelSpec, nights: Days, found: _Found) -> History:
    history = cut(join_examples(model, found.features, found.labels), found.days, found.pins)
    needed = max(training_days(model, recipe, nights.first).last for recipe in model.recipes)
    if history.rows.empty:
        raise BacktestError(
            f"{model.name}: the lake holds no labelled rows for the nights {nights.key}, nor the datasets to build "
            f"them from: choose other nights, or load history by the ingest DAGs and {dag_id('features', model.name)}"
        )
    first, last = history.rows["day"].iloc[0], history.rows["day"].iloc[-1]
    if first > needed or last < model.matured_days(nights).first:
        raise BacktestError(
            f"{model.name}: labelled rows reach from {first} to {last}; the night {nights.first} is fitted on days up "
            f"to {needed}: choose nights between, or load more history by {dag_id('features', model.name)}"
        )
    return history


def cut(rows: pd.DataFrame, days: Days, pins: tuple[Pin, ...] = ()) -> History:
    """A history from labelled rows in the order of `join_examples`."""
    rows = rows.sort_values("day", kind="stable", ignore_index=True)
    numbers = np.array([(day - days.first).days for day in rows["day"]], dtype=np.int64)
    starts = np.searchsorted(numbers, np.arange(len(days) + 1))
    return History(rows, days.first, starts, rows["label"].to_numpy(np.float64), pins)


def _buildable(installation: Installation, model: ModelSpec, found: _Found) -> Days | None:
    """The nights, from the first to the last, that the datasets suffice for and whose rows the lake lacks."""
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
    """The nights for which every daily input has its newest day and reaches back as far as the model reads it."""
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
            f"{model.name}: the lake lacks features of {nights.key}, and its spec says engine='spark': build them by "
            f"{dag_id('features', model.name)}, with `first` {nights.first} and `last` {nights.last}"
        )
    with TemporaryDirectory(prefix="backtest-") as folder:
        scratch = installation.settings.moved_to(Path(folder)).model_copy(update={"engine": "duckdb"})
        plan = plan_features(installation.catalog, model, nights, installation.lake, scratch)
        with contextlib.redirect_stdout(sys.stderr):
            run_in_process(plan)
        batches = collect(model, plan, scratch)
        return {
            name: pa.concat_tables([places.read_rows(file.path) for file in batch.files])
            for name, batch in batches.items()
        }


def _fill(contract: Contract, held: pa.Table, built: pa.Table) -> pa.Table:
    """What is held, and of what was built the days that are not."""
    known = _days_of(held)
    lacking = pa.array([day not in known for day in built["day"].to_pylist()], pa.bool_())
    both = pa.concat_tables([held, built.select(held.column_names).filter(lacking).cast(held.schema)])
    return both.sort_by([(name, "ascending") for name in contract.primary_key])


def _days_of(rows: pa.Table) -> set[date]:
    return set(rows["day"].unique().to_pylist())
