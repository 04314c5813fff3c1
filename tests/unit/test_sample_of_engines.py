"""The sample on which engines are compared has every edge value that a contract allows."""

from __future__ import annotations

from datetime import date

import pyarrow.compute as pc
import pytest

from contender.featurizing.engines import _compare_plans
from contender.featurizing.plan import Plan
from contender.featurizing.sample import sample_rows
from contender.specs import Between, Column, Contract, Days, InSet, Matches

DAYS = Days(first=date(2024, 2, 1), last=date(2024, 3, 1))
CONTRACT = Contract(
    table="datasets.sales",
    owner="a@b.example",
    columns=(
        Column(name="day", type="date", description="x"),
        Column(name="shop", type="integer", description="x"),
        Column(name="product", type="string", description="x"),
        Column(name="amount", type="number", description="x", nullable=True),
        Column(name="count", type="integer", description="x", nullable=True),
        Column(name="text", type="string", description="x", nullable=True),
        Column(name="colour", type="string", description="x"),
        Column(name="code", type="string", description="x"),
    ),
    primary_key=("day", "shop", "product"),
    expectations=(
        Between(column="count", low=-5, high=5),
        InSet(column="colour", values=("red", "blue")),
        Matches(column="code", pattern=r"^[A-Z]{3}$"),
    ),
)


@pytest.fixture(scope="module")
def rows():
    return sample_rows(CONTRACT, DAYS)


def test_it_has_the_first_and_the_last_day(rows):
    assert {DAYS.first, DAYS.last} <= set(rows["day"].to_pylist())


def test_no_two_rows_have_the_same_key(rows):
    keys = rows.select(["day", "shop", "product"])
    assert keys.group_by(["day", "shop", "product"]).aggregate([]).num_rows == rows.num_rows


@pytest.mark.parametrize("name", ["amount", "count", "text"])
def test_every_nullable_column_has_a_missing_value(rows, name):
    assert 0 < rows[name].null_count < rows.num_rows


def test_it_has_edge_values(rows):
    assert {None, 0.0, 0.5, -0.5, 2.5, 1_000_000.25} <= set(rows["amount"].to_pylist())
    assert {None, "", "Straße", " 5 "} <= set(rows["text"].to_pylist())


def test_it_keeps_the_expectations(rows):
    assert set(rows["colour"].to_pylist()) == {"red", "blue"}
    assert pc.min_max(rows["count"]).as_py() == {"min": -5, "max": 5}
    assert pc.all(pc.match_substring_regex(rows["code"], r"^[A-Z]{3}$")).as_py()


@pytest.fixture
def planned(catalog, here):
    """Plans of a model's features on both engines, which have not run."""
    model = catalog.model("flight_delay")
    outputs = {name: f"{here.home}/{name}" for name in ("features", "labels")}
    night = Days.one(date(2024, 2, 1))
    return model, [
        Plan(model=model.name, nights=night, engine=engine, file="plan.json", outputs=outputs, pins=())
        for engine in ("spark", "duckdb")
    ]


def test_an_engine_that_wrote_nothing_is_a_difference(planned):
    model, plans = planned
    features, labels = _compare_plans(model, plans)
    assert features.startswith(
        "flight_delay/features.py, on a sample: flight_delay 2024-02-01: the engine wrote no"
    )
    assert "wrote no labels" in labels
