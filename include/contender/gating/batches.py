"""A staged batch as Great Expectations takes it: a frame in memory, or a table of a Spark session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import great_expectations as gx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from great_expectations.core.batch import Batch
from great_expectations.data_context import EphemeralDataContext

from contender.gating.suite import local_day_name
from contender.records import StagedBatch
from contender.specs import Contract, OnDay

Load = Callable[[Contract, StagedBatch], Batch]


def load_frame(contract: Contract, batch: StagedBatch) -> Batch:
    """The batch's rows in memory."""
    parts = [pq.read_table(file.path) for file in batch.files]
    rows: pd.DataFrame = (
        pa.concat_tables(parts).to_pandas()
        if parts
        else pd.DataFrame({name: [] for name in contract.column_names})
    )
    for promise in _local_days(contract):
        moments = pd.to_datetime(rows[promise.column], utc=True)
        rows[local_day_name(promise)] = moments.dt.tz_convert(promise.zone).dt.date
    asset = _open_context().data_sources.add_pandas("staging").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": rows})


def load_spark(contract: Contract, batch: StagedBatch, session: Any) -> Batch:
    """The batch's rows as a table of a Spark session whose time zone is UTC; the batch has files."""
    rows = session.read.parquet(*(file.path for file in batch.files)).selectExpr(
        "*",
        *(
            f"to_date(from_utc_timestamp(`{promise.column}`, '{promise.zone}')) AS `{local_day_name(promise)}`"
            for promise in _local_days(contract)
        ),
    )
    # Not kept in memory: what is read again from Parquet costs little, and a batch may be larger than memory.
    asset = _open_context().data_sources.add_spark("staging", persist=False).add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": rows})


def _local_days(contract: Contract) -> Sequence[OnDay]:
    return [promise for promise in contract.promises() if isinstance(promise, OnDay)]


def _open_context() -> EphemeralDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context
