"""Load a staged batch for Great Expectations: frames with only the columns needed, or a Spark table."""

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

# Up to this size, one frame with all columns is faster than a frame per column.
WHOLE_UP_TO_ROWS = 50_000

Part = tuple[Batch, Sequence[Expectation]]
Load = Callable[[Contract, StagedBatch, Sequence[Expectation], bool], Iterable[Part]]


def load_frames(
    contract: Contract, batch: StagedBatch, expectations: Sequence[Expectation], with_keys: bool
) -> Iterator[Part]:
    """Yield the batch in memory, as one frame or, if it is large, several, each with its expectations.

    In a large batch, expectations about single values are checked on the column's distinct values only, unless
    `with_keys` asks for the keys of failing rows.
    """
    if batch.rows <= WHOLE_UP_TO_ROWS:
        yield _of_frame(_read(batch, contract.column_names), expectations), expectations
        return
    together: dict[tuple[tuple[str, ...], bool], list[Expectation]] = defaultdict(list)
    for expectation in expectations:
        by_value = not with_keys and _is_of_each_value(expectation)
        together[expectation.columns or contract.primary_key, by_value].append(expectation)
    for (columns, by_value), alike in together.items():
        wanted = tuple(dict.fromkeys((*contract.primary_key, *columns))) if with_keys else columns
        rows = _read(batch, wanted)
        if by_value:
            rows = pa.table([rows.column(0).unique()], names=rows.column_names)
        yield _of_frame(rows, alike), alike


def load_spark(
    _: Contract, batch: StagedBatch, expectations: Sequence[Expectation], __: bool, session: Any
) -> Iterator[Part]:
    """Yield the rows of a batch with files as a table of a Spark session whose time zone is UTC."""
    rows = session.read.parquet(*(places.for_spark(file.path) for file in batch.files)).selectExpr(
        "*",
        *(
            f"to_date(from_utc_timestamp(`{day.column}`, '{day.zone}')) AS `{local_day_name(day)}`"
            for day in _local_days(expectations)
        ),
    )
    # Not persisted: reading Parquet again is cheap, and a batch may be larger than memory.
    asset = _open_context().data_sources.add_spark("staging", persist=False).add_dataframe_asset("batch")
    yield asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": rows}), expectations


def _is_of_each_value(expectation: Expectation) -> bool:
    return isinstance(expectation, NotNull | Between | InSet | Matches) and expectation.mostly == 1.0


def _read(batch: StagedBatch, columns: Sequence[str]) -> pa.Table:
    if not batch.files:
        return pa.table({name: pa.nulls(0) for name in columns})
    return pa.concat_tables([places.read_rows(file.path, columns) for file in batch.files])


def _of_frame(rows: pa.Table, expectations: Iterable[Expectation]) -> Batch:
    # Categories take less memory than repeated strings, which are most of a frame.
    frame: pd.DataFrame = rows.to_pandas(strings_to_categorical=rows.num_rows > WHOLE_UP_TO_ROWS)
    for expectation in _local_days(expectations):
        moments = pd.to_datetime(frame[expectation.column], utc=True)
        frame[local_day_name(expectation)] = moments.dt.tz_convert(expectation.zone).dt.date
    asset = _open_context().data_sources.add_pandas("staging").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})


def _local_days(expectations: Iterable[Expectation]) -> Sequence[OnDay]:
    return [expectation for expectation in expectations if isinstance(expectation, OnDay)]


def _open_context() -> EphemeralDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context
