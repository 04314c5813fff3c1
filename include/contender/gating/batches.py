"""A staged batch as Great Expectations takes it: frames in memory, no larger than a promise needs, or a Spark table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import great_expectations as gx
import pandas as pd
import pyarrow as pa
from great_expectations.core.batch import Batch
from great_expectations.data_context import EphemeralDataContext

from contender.gating.suite import local_day_name
from contender.lake import places
from contender.records import StagedBatch
from contender.specs import Between, Contract, Expectation, InSet, Matches, NotNull, OnDay

# Below it, one frame of everything is quicker than a frame for each column.
WHOLE_UP_TO_ROWS = 50_000

Part = tuple[Batch, Sequence[Expectation]]
Load = Callable[[Contract, StagedBatch, Sequence[Expectation], bool], Iterable[Part]]


def load_frames(
    contract: Contract, batch: StagedBatch, promises: Sequence[Expectation], closely: bool
) -> Iterator[Part]:
    """The batch in memory, as one frame or, when it is large, one after the other: each with the promises about it.

    A promise that every value of a column must keep is held to the column's different values alone, unless it is to
    be looked at closely: then the rows' keys are told, too.
    """
    if batch.rows <= WHOLE_UP_TO_ROWS:
        yield _of_frame(_read(batch, contract.column_names), promises), promises
        return
    together: dict[tuple[tuple[str, ...], bool], list[Expectation]] = defaultdict(list)
    for promise in promises:
        by_value = not closely and _is_of_each_value(promise)
        together[promise.columns or contract.primary_key, by_value].append(promise)
    for (columns, by_value), alike in together.items():
        wanted = tuple(dict.fromkeys((*contract.primary_key, *columns))) if closely else columns
        rows = _read(batch, wanted)
        if by_value:
            rows = pa.table([rows.column(0).unique()], names=rows.column_names)
        yield _of_frame(rows, alike), alike


def load_spark(
    _: Contract, batch: StagedBatch, promises: Sequence[Expectation], __: bool, session: Any
) -> Iterator[Part]:
    """The batch's rows as a table of a Spark session whose time zone is UTC; the batch has files."""
    rows = session.read.parquet(*(places.for_spark(file.path) for file in batch.files)).selectExpr(
        "*",
        *(
            f"to_date(from_utc_timestamp(`{promise.column}`, '{promise.zone}')) AS `{local_day_name(promise)}`"
            for promise in _local_days(promises)
        ),
    )
    # Not kept in memory: what is read again from Parquet costs little, and a batch may be larger than memory.
    asset = _open_context().data_sources.add_spark("staging", persist=False).add_dataframe_asset("batch")
    yield asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": rows}), promises


def _is_of_each_value(promise: Expectation) -> bool:
    return isinstance(promise, NotNull | Between | InSet | Matches) and promise.mostly == 1.0


def _read(batch: StagedBatch, columns: Sequence[str]) -> pa.Table:
    if not batch.files:
        return pa.table({name: pa.nulls(0) for name in columns})
    return pa.concat_tables([places.read_rows(file.path, columns) for file in batch.files])


def _of_frame(rows: pa.Table, promises: Iterable[Expectation]) -> Batch:
    # Words are kept once and counted by number: they are most of what a frame weighs.
    frame: pd.DataFrame = rows.to_pandas(strings_to_categorical=rows.num_rows > WHOLE_UP_TO_ROWS)
    for promise in _local_days(promises):
        moments = pd.to_datetime(frame[promise.column], utc=True)
        frame[local_day_name(promise)] = moments.dt.tz_convert(promise.zone).dt.date
    asset = _open_context().data_sources.add_pandas("staging").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})


def _local_days(promises: Iterable[Expectation]) -> Sequence[OnDay]:
    return [promise for promise in promises if isinstance(promise, OnDay)]


def _open_context() -> EphemeralDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context
