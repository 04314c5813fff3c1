"""Labelled rows of a model: features and mature labels of the same days, read from pinned snapshots."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from contender.lake.tables import Lake
from contender.records import Pin
from contender.specs import Days, ModelSpec


def pin_examples(lake: Lake, model: ModelSpec) -> tuple[Pin, ...]:
    """Return the newest snapshots of a model's features and labels, without tables that do not exist yet."""
    tables = (model.feature_contract.table, model.label_contract.table)
    snapshots = ((table, lake.snapshot(table)) for table in tables)
    return tuple(Pin(table=table, snapshot=snapshot) for table, snapshot in snapshots if snapshot)


def lost_pins(lake: Lake, pins: tuple[Pin, ...]) -> tuple[Pin, ...]:
    """Return the pins whose snapshots no longer exist."""
    tables = {pin.table: lake.iceberg(pin.table) for pin in pins}
    return tuple(
        pin
        for pin in pins
        if (table := tables[pin.table]) is None or table.snapshot_by_id(pin.snapshot) is None
    )


def read_examples(lake: Lake, model: ModelSpec, days: Days, pins: tuple[Pin, ...]) -> pd.DataFrame:
    """Read the rows of `days` that have both features and a label: keys, features and `label`, ordered by key."""
    snapshots = {pin.table: pin.snapshot for pin in pins}
    features, labels = (
        lake.read(contract, days, snapshot=snapshots.get(contract.table))
        for contract in (model.feature_contract, model.label_contract)
    )
    return join_examples(model, features, labels)


def join_examples(model: ModelSpec, features: pa.Table, labels: pa.Table) -> pd.DataFrame:
    """Join features and labels by key, in the order of the features. Raises MergeError if a key is not unique."""
    examples: pd.DataFrame = features.to_pandas().merge(
        labels.to_pandas(), on=list(model.row_key), how="inner", validate="one_to_one"
    )
    return examples
