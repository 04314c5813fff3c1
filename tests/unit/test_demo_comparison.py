"""The demo's comparison of published rows with their origin reports differences, and the first row of each."""

from __future__ import annotations

import pyarrow as pa
import pytest

from contender.specs import Column, Contract
from demo.comparison import find_difference

CONTRACT = Contract(
    table="raw.parts",
    owner="parts@contender.example",
    primary_key=("part",),
    daily=False,
    columns=(
        Column(name="part", type="string", description="name"),
        Column(name="weight", type="number", description="grams", nullable=True),
    ),
)


def table(**weights: float | None) -> pa.Table:
    return pa.table(
        {"part": list(weights), "weight": pa.array(list(weights.values()), type=pa.float64())},
    )


def test_rows_in_another_order_do_not_differ():
    assert find_difference(table(bolt=1.5, nut=None), table(nut=None, bolt=1.5), CONTRACT) == ""


@pytest.mark.parametrize(
    ("published", "difference"),
    [
        (table(), "there are no rows"),
        (table(bolt=1.5), "1 rows are published, but 2 expected, or their keys differ"),
        (
            table(bolt=1.5, nut=2.0),
            "weight differs in 1 rows, first 2.0 instead of None (part nut)",
        ),
        (
            table(bolt=1.5000000000000002, nut=None),
            "weight differs in 1 rows, first 1.5000000000000002 instead of 1.5 (part bolt)",
        ),
    ],
    ids=["none", "too few", "a value for none", "the last bit"],
)
def test_a_difference_names_the_column_the_values_and_the_row(published, difference):
    origin = table() if published.num_rows == 0 else table(bolt=1.5, nut=None)
    assert find_difference(published, origin, CONTRACT) == difference
