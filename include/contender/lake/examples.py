"""Labelled rows of a model: features and mature labels of the same days, read from pinned snapshots."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.compute as pc

from contender.lake.drawing import read_measured
from contender.lake.tables import Lake
from contender.records import Pin
from contender.specs import Days, ModelSpec

if TYPE_CHECKING:
    import pandas as pd

_KEPT: WeakKeyDictionary[Lake, tuple[tuple[object, ...], pd.DataFrame]] = WeakKeyDictionary()


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


def read_examples(
    lake: Lake, model: ModelSpec, days: Days, pins: tuple[Pin, ...], *, measured: bool = False
) -> pd.DataFrame:
    """Read the rows of `days` that have both features and a label: keys, features and `label`, ordered by key.

    With `measured`, of days with many rows only those that versions are measured on (`read_measured`). The newest rows
    of pinned snapshots are kept, for the other recipes and versions of a night in the same process: do not change them.
    """
    contracts = (model.feature_contract, model.label_contract)
    snapshots = {pin.table: pin.snapshot for pin in pins}
    asked = (measured, days, *((c.table, c.column_names, snapshots.get(c.table)) for c in contracts))
    if lake in _KEPT and _KEPT[lake][0] == asked:
        return _KEPT[lake][1]
    read = partial(read_measured, lake, model) if measured else lake.read
    features, labels = (
        read(contract, days, snapshot=snapshots.get(contract.table)) for contract in contracts
    )
    examples = join_examples(model, features, labels)
    if snapshots.keys() >= {contract.table for contract in contracts}:
        _KEPT[lake] = (asked, examples)
    return examples


def join_examples(model: ModelSpec, features: pa.Table, labels: pa.Table) -> pd.DataFrame:
    """Join features and labels by key, in the order of the features. Raises MergeError if a key is not unique."""
    key = list(model.row_key)
    if features.select(key).equals(labels.select(key)) and _has_unique_keys(features, key):
        # The usual case: every row has a label. A join would take longer than reading the rows.
        both = reduce(
            lambda rows, name: rows.append_column(name, labels[name]), _besides(labels, key), features
        )
        whole: pd.DataFrame = both.to_pandas()
        return whole
    examples: pd.DataFrame = features.to_pandas().merge(
        labels.to_pandas(), on=key, how="inner", validate="one_to_one"
    )
    return examples


def _besides(rows: pa.Table, key: Collection[str]) -> list[str]:
    return [name for name in rows.column_names if name not in key]


def _has_unique_keys(rows: pa.Table, key: Sequence[str]) -> bool:
    """Return whether no two neighbouring rows of ordered ones have the same key."""
    before, after = rows.slice(0, max(rows.num_rows - 1, 0)), rows.slice(1)
    same = reduce(pc.and_, (pc.equal(before[name], after[name]) for name in key))
    return not pc.any(same).as_py()
