"""Declared changes must lead, version by version, to the columns of the contract."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contender.specs import Added, Column, Contract, Renamed, Widened


def build(version, *changes, price="number"):
    return Contract(
        table="datasets.sales",
        owner="sales@contender.example",
        columns=(
            Column(name="day", type="date", description="day"),
            Column(name="shop", type="string", description="shop"),
            Column(name="price", type=price, description="EUR"),
        ),
        primary_key=("day", "shop"),
        version=version,
        changes=changes,
    )


CHAIN = (
    Added(version=2, column="cost"),
    Widened(version=3, column="cost", was="integer"),
    Renamed(version=4, column="fee", was="cost"),
    Renamed(version=5, column="price", was="fee"),
)


def test_each_version_has_the_columns_that_it_had():
    contract = build(5, *CHAIN)
    assert [contract.types_at(version).get("cost") for version in (1, 2, 3, 4)] == [
        None,
        "integer",
        "number",
        None,
    ]
    assert contract.types_at(4)["fee"] == "number"
    assert contract.types_at(5) == {"day": "date", "shop": "string", "price": "number"}


@pytest.mark.parametrize(
    ("version", "changes", "message"),
    [
        (
            2,
            (),
            "they describe the versions none, but `version` is 2: list the changes of each version from 2 to 2",
        ),
        (1, (Added(version=2, column="price"),), "`version` is 1: raise `version` to the last of them"),
        (3, (Added(version=3, column="price"),), "they describe the versions 3, but `version` is 3"),
        (3, tuple(reversed(CHAIN[:2])), "they describe the versions 3, 2, but `version` is 3"),
        (
            2,
            (Added(version=2, column="prize"),),
            "changes.0: unknown column 'prize': use one of day, shop, price",
        ),
        (
            2,
            (Widened(version=2, column="price", was="string"),),
            "the type of 'price' is now 'number', which is not wider",
        ),
        (
            2,
            (Widened(version=2, column="price", was="number"),),
            "the type of 'price' is now 'number', which is not wider",
        ),
        (2, (Renamed(version=2, column="price", was="shop"),), "'shop' was renamed and is used again"),
        (
            3,
            (Renamed(version=2, column="fee", was="price"), Added(version=3, column="price")),
            "'price' was renamed and is used again",
        ),
    ],
)
def test_changes_that_do_not_lead_to_the_columns_are_rejected(version, changes, message):
    with pytest.raises(ValidationError) as error:
        build(version, *changes)
    assert message in str(error.value)
