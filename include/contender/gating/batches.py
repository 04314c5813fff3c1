"""Load a staged batch for Great Expectations: frames with only the columns needed, or a Spark table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import great_expectations as gx
import pandas as pd
import pyarrow as pa
from great_expectations.core.batch import Batch
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context import EphemeralDataContext

from contender.gating.suite import local_day_name
from contender.lake import places
from contender.records import StagedBatch
from contender.specs import Contract, Expectation, OnDay

# Up to this size, one frame with all columns is faster than a frame per column.
WHOLE_UP_TO_ROWS = 50_000

Part = tuple[Batch, Sequence[Expectation]]
Load = Callable[[Contract, StagedBatch, Sequence[Expectation], bool], Iterable[Part]]


def load_frames(
    contract: Contract, batch: StagedBatch, expectations: Sequence[Expectation], with_keys: bool
) -> Iterator[Part]:
    """Yield the batch in memory, as one frame or, if it is large, several, each with its expectations.

    `with_keys` adds the primary key to each frame.
    """
    if batch.rows <= WHOLE_UP_TO_ROWS:
        needed = {
            name for expectation in expectations for name in (*expectation.columns, *contract.primary_key)
        }
        present = [name for name in contract.column_names if name in needed]
        yield _of_columns(batch, present, expectations), expectations
        return
    together: dict[tuple[str, ...], list[Expectation]] = defaultdict(list)
    for expectation in expectations:
        together[expectation.columns or contract.primary_key].append(expectation)
    for columns, alike in together.items():
        wanted = tuple(dict.fromkeys((*contract.primary_key, *columns))) if with_keys else columns
        yield _of_columns(batch, wanted, alike), alike


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


def read_columns(batch: StagedBatch, columns: Sequence[str]) -> pa.Table:
    """Read some columns of all files of a batch."""
    if not batch.files:
        return pa.table({name: pa.nulls(0) for name in columns})
    return pa.concat_tables([places.read_rows(file.path, columns) for file in batch.files])


def batch_of_frame(frame: pd.DataFrame) -> Batch:
    """Return a frame as a batch of Great Expectations. Validate it before the next call, which replaces its rows."""
    return _define_frames().get_batch({"dataframe": frame})


@cache
def _define_frames() -> BatchDefinition[Any]:
    """Return the definition of all frames of this process: each new one is written as YAML three times."""
    asset = _open_context().data_sources.add_pandas("staging").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("whole")


def _of_columns(batch: StagedBatch, columns: Sequence[str], expectations: Iterable[Expectation]) -> Batch:
    rows = read_columns(batch, columns)
    # Categories take less memory than repeated strings, which are most of a frame.
    frame: pd.DataFrame = rows.to_pandas(strings_to_categorical=rows.num_rows > WHOLE_UP_TO_ROWS)
    for expectation in _local_days(expectations):
        moments = pd.to_datetime(frame[expectation.column], utc=True)
        frame[local_day_name(expectation)] = moments.dt.tz_convert(expectation.zone).dt.date
    return batch_of_frame(frame)


def _local_days(expectations: Iterable[Expectation]) -> Sequence[OnDay]:
    return [expectation for expectation in expectations if isinstance(expectation, OnDay)]


def _open_context() -> EphemeralDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context
