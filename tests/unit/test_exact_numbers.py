"""Deliveries and built columns agree on the numbers that another type cannot hold."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from contender.featurizing import ConversionError, convert_rows
from contender.file_formats import cast_exactly
from contender.lake.schema import arrow_type
from contender.specs import Column, Contract, Parquet

WIDE = pa.decimal128(38, 2)


@pytest.mark.parametrize(
    ("kind", "value", "wanted", "fits"),
    [
        (pa.uint64(), 2**63 - 1, "integer", True),
        (pa.uint64(), 2**63, "integer", False),
        (pa.uint64(), 2**64 - 1, "integer", False),
        (pa.int64(), -(2**63), "integer", True),
        (pa.float64(), 2.0, "integer", True),
        (pa.float64(), 2.5, "integer", False),
        (pa.float64(), -(2.0**63), "integer", True),
        (pa.float64(), 2.0**63, "integer", False),
        (WIDE, Decimal("7.00"), "integer", True),
        (WIDE, Decimal("7.50"), "integer", False),
        (WIDE, Decimal(2**63), "integer", False),
        (pa.int64(), 2**53 + 1, "number", False),
        (pa.int64(), 2**60, "number", True),
        (pa.int64(), 2**63 - 1, "number", False),
        (pa.uint64(), 2**63, "number", True),
        (pa.uint64(), 2**64 - 1, "number", False),
    ],
)
def test_both_conversions_agree_on_what_a_type_can_hold(kind, value, wanted, fits):
    values = pa.array([value, None], kind)
    found, changed = cast_exactly(values, arrow_type(wanted), Parquet())
    assert changed.to_pylist() == [not fits, False]
    if not fits:
        with pytest.raises(ConversionError):
            convert(values, wanted)
        return
    assert convert(values, wanted) == found.to_pylist() == [value, None]


def convert(values: pa.Array, wanted: str) -> list[object]:
    columns = (
        Column(name="id", type="integer", description="id"),
        Column(name="x", type=wanted, description="x", nullable=True),
    )
    contract = Contract(
        table="features.x", owner="a@b.example", columns=columns, primary_key=("id",), daily=False
    )
    return convert_rows(pa.table({"id": [1, 2], "x": values}), contract, "build_features")["x"].to_pylist()


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (pa.array([1], pa.int64()), "timestamp"),
        (pa.array([1], pa.int32()), "date"),
        (pa.array([1], pa.timestamp("us", "UTC")), "integer"),
        (pa.array([1], pa.date32()), "integer"),
    ],
)
def test_dates_and_times_are_not_numbers(values, wanted):
    with pytest.raises(pa.ArrowInvalid, match="numbers"):
        cast_exactly(values, arrow_type(wanted), Parquet())
