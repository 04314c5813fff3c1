"""Built values are converted to their declared types by one rule, and no value changes silently."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from contender.featurizing import ConversionError, convert_rows
from contender.specs import Column, Contract

INF, NAN = float("inf"), float("nan")
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
MIDNIGHT = datetime(2024, 2, 29, tzinfo=UTC)


def contract_of(kind, *, nullable=False, pii=False):
    key = Column(name="shop", type="string", description="shop")
    column = Column(name="x", type=kind, description="x", nullable=nullable, pii=pii)
    return Contract(
        table="features.sales", owner="a@b.example", columns=(key, column), primary_key=("shop",), daily=False
    )


def convert(values, kind, **options):
    shops = [f"s{number}" for number in range(len(values))]
    return convert_rows(
        pa.table({"shop": shops, "x": values}), contract_of(kind, **options), "build_features"
    )["x"]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (pa.array([1.0, -3.0, None]), "integer", [1, -3, None]),
        (pa.array([7, None], pa.int32()), "integer", [7, None]),
        (pa.array([2**63 - 1, -(2**63)]), "integer", [2**63 - 1, -(2**63)]),
        (pa.array([Decimal(2**53 + 1), None], pa.decimal128(38, 0)), "integer", [2**53 + 1, None]),
        (pa.array([True, False]), "integer", [1, 0]),
        (pa.array([" 5 ", "007", "+3", None]), "integer", [5, 7, 3, None]),
        (pa.array([1, 2**53, None]), "number", [1.0, 2.0**53, None]),
        (pa.array([Decimal("0.30"), Decimal("-2.70")]), "number", [0.3, -2.7]),
        (pa.array([0.5, 2.5], pa.float32()), "number", [0.5, 2.5]),
        (pa.array([" 5.5 ", "1e3", "+.5", None]), "number", [5.5, 1000.0, 0.5, None]),
        (pa.array([True, None]), "number", [1.0, None]),
        (pa.array([0, 1, None]), "boolean", [False, True, None]),
        (pa.array([5, None]), "string", ["5", None]),
        (pa.array(["Straße", ""]), "string", ["Straße", ""]),
        (pa.array([MIDNIGHT, None], pa.timestamp("us", "UTC")), "date", [date(2024, 2, 29), None]),
        (pa.array(["2024-02-29"]), "date", [date(2024, 2, 29)]),
        (pa.array([NOON.replace(tzinfo=None)], pa.timestamp("us")), "timestamp", [NOON]),
        (pa.nulls(2), "integer", [None, None]),
    ],
    ids=str,
)
def test_a_value_that_its_type_can_represent_is_converted(values, kind, expected):
    assert convert(values, kind).to_pylist() == expected


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (
            [1.0, 0.5, 2.5],
            "integer",
            "has a fraction in 2 of 3 rows, such as 0.5 in the row shop='s1': round it",
        ),
        ([Decimal("0.7")], "integer", "has a fraction"),
        ([2.0**63], "integer", "is out of the range of 64-bit integers"),
        ([-1e300], "integer", "is out of the range"),
        (pa.array([Decimal(2**63)], pa.decimal128(38, 0)), "integer", "is out of the range"),
        (pa.array([2**64 - 1], pa.uint64()), "integer", "is out of the range"),
        (["5", "abc"], "integer", "is text that is not a whole number in 1 of 2 rows, such as 'abc'"),
        (["5.5"], "integer", "is text that is not a whole number"),
        ([INF], "integer", "is not finite"),
        ([INF], "number", "is not finite in 1 of 1 rows, such as inf in the row shop='s0'"),
        ([NAN], "number", "is not finite"),
        (["", "nan"], "number", "is text that is not a number in 2 of 2 rows"),
        ([2**53 + 1], "number", "has more digits than a number can hold"),
        ([date(2024, 2, 29)], "number", "has the type date32[day]: convert it in build_features"),
        ([0, 2], "boolean", "is neither 0 nor 1 in 1 of 2 rows, such as 2"),
        (["true"], "boolean", "has the type string"),
        ([0.5], "string", "has the type double"),
        (pa.array([NOON], pa.timestamp("us", "UTC")), "date", "has a time of day in 1 of 1 rows"),
        (["29.2.2024"], "date", "is text that is not a date"),
        (["2024-02-30"], "date", "cannot be converted from string"),
        ([[1]], "integer", "has the type list"),
    ],
    ids=str,
)
def test_a_value_that_its_type_cannot_represent_is_an_error(values, kind, message):
    with pytest.raises(ConversionError) as error:
        convert(values, kind)
    assert str(error.value).startswith(f"features.sales: column 'x', declared as {kind}, ")
    assert message in str(error.value)


@pytest.mark.parametrize("kind", ["number", "integer"])
def test_infinite_values_and_nan_are_missing_in_a_nullable_column(kind):
    assert convert([1.0, INF, -INF, NAN, None], kind, nullable=True).to_pylist() == [
        1,
        None,
        None,
        None,
        None,
    ]


def test_every_column_of_another_type_is_one_line():
    rows = pa.table({"shop": [0.5], "x": [0.5]})
    with pytest.raises(ConversionError) as error:
        convert_rows(rows, contract_of("integer"), "build_labels")
    assert [line.partition(", ")[0] for line in str(error.value).splitlines()] == [
        "features.sales: column 'shop'",
        "features.sales: column 'x'",
    ]
    assert 'round it in build_labels, or set `predicts="quantity"` in the spec' in str(error.value)


def test_a_label_of_words_can_be_a_class():
    rows = pa.table({"shop": ["s0"], "x": ["late"]})
    with pytest.raises(
        ConversionError, match='convert it in build_labels, or set `predicts="class"` in the spec'
    ):
        convert_rows(rows, contract_of("integer"), "build_labels")


def test_a_message_masks_personal_data():
    with pytest.raises(ConversionError, match=r"such as \*\*\* in the row shop='s0'"):
        convert([0.5], "integer", pii=True)
