"""Change rows for the leak check: other values of every column that is no key, and some rows removed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contender.specs import Contract

_LARGEST = 2**61


def poison_rows(rows: pa.Table, contract: Contract) -> pa.Table:
    """Return rows of a day with other values, each of the same kind, and without every third row.

    Numbers are doubled and incremented, booleans negated, and missing ones filled; other values move to the next row.
    """
    kept = rows.filter(pa.array(np.arange(rows.num_rows) % 3 != 2))
    for position, column in enumerate(contract.columns):
        if column.name != "day" and column.name not in contract.primary_key:
            changed = _change(kept.column(column.name).combine_chunks())
            kept = kept.set_column(position, kept.schema.field(position), changed)
    return kept


def _change(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_boolean(kind):
        return pc.invert(pc.fill_null(values, False))
    if pa.types.is_integer(kind):
        small = pc.and_(pc.less(values, _LARGEST), pc.greater(values, -_LARGEST))
        doubled = pc.add(pc.multiply(pc.if_else(small, values, 0), 2), 1)
        return pc.fill_null(doubled, 1).cast(kind)
    if pa.types.is_floating(kind):
        return pc.fill_null(pc.add(pc.multiply(values, 2.0), 1.0), 1.0).cast(kind)
    order = np.roll(np.arange(len(values)), -1)
    return values.take(pa.array(order))
