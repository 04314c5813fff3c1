"""Expectations on stacked columns have the same results as each on its own in Great Expectations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from contender.gating.batches import load_frames
from contender.gating.check import check
from contender.gating.stacking import is_stackable, validate_stacked
from contender.gating.validation import validate
from contender.lake import stage
from contender.specs import Between, Column, Contract, Days, Expectation, InSet, Matches, NotNull

DAY = date(2013, 9, 2)
ROWS = 40
NOON = datetime(2013, 9, 2, 12, tzinfo=UTC)
COLUMNS = {
    "day": ("date", [DAY] * ROWS),
    "at": ("timestamp", [NOON + timedelta(minutes=n) for n in range(ROWS)]),
    "id": ("integer", list(range(ROWS))),
    "whole": ("integer", [None, 2**53 + 1, -5, 0] * 10),
    "small": ("integer", [1, 2, 3, 4] * 10),
    "real": ("number", [None, -1.5, 0.1, 1e300] * 10),
    "endless": ("number", [float("inf"), 1.0, 2.0, float("-inf")] * 10),
    "absent": ("number", [None] * ROWS),
    "code": ("string", ["JFK", "LGA", None, ""] * 10),
    "odd": ("string", ["1:JFK", "0:JFK", "ÄÖ", "a\nb"] * 10),
    "flag": ("boolean", [True, False, None, True] * 10),
}
EXPECTATIONS: tuple[Expectation, ...] = (
    *(NotNull(column=name, severity="warn") for name in COLUMNS),
    Between(column="whole", low=-5, high=2**53),
    Between(column="whole", low=-4),
    Between(column="small", low=1, high=4),
    Between(column="small", low=2, high=3),
    Between(column="real", low=-1.5, high=1e300),
    Between(column="real", high=0.1),
    Between(column="endless", low=0),
    Between(column="endless", low=0, high=5),
    Between(column="absent", low=3, high=4),
    InSet(column="code", values=("JFK", "LGA", "")),
    InSet(column="code", values=("JFK",)),
    InSet(column="odd", values=("JFK", "ÄÖ")),
    Matches(column="code", pattern=r"^[A-Z]{3}$"),
    Matches(column="odd", pattern=r"^[A-Z]{3}$"),
    Matches(column="odd", pattern=r"J|Ä|a"),
)


@pytest.fixture
def contract() -> Contract:
    return Contract(
        table="datasets.odd",
        owner="team@company.example",
        columns=tuple(
            Column(name=name, type=kind, description=name, nullable=True)
            for name, (kind, _) in COLUMNS.items()
        ),
        primary_key=("day", "at", "id"),
        expectations=EXPECTATIONS,
    )


@pytest.fixture
def staged(contract, tmp_path):
    def write(rows: int):
        table = pa.table({name: values[:rows] for name, (_, values) in COLUMNS.items()})
        return stage(table, contract, Days.one(DAY), str(tmp_path))

    return write


def each_alone(contract, batch):
    return validate(contract, batch, contract.all_expectations(), load_frames)


def without_examples(result):
    """The results without the example, in which pandas writes whole numbers beside missing ones as 1.0."""
    return [
        e.model_copy(update={"observed": e.observed.split(", for example")[0]}) for e in result.expectations
    ]


@pytest.mark.parametrize("rows", [0, 1, ROWS])
def test_stacked_expectations_have_the_results_of_each_alone(contract, staged, rows):
    batch = staged(rows)
    stacked, alone = check(contract, batch, "run 1"), check(contract, batch, "run 1", judge=each_alone)
    assert without_examples(stacked) == without_examples(alone)


def test_a_failed_expectation_names_the_first_failing_value(contract, staged):
    found = {e.expectation: e.observed for e in check(contract, staged(ROWS), "run 1").failed}
    assert found["whole is between -4 and any"] == "10 of 40 rows, for example '-5'"
    assert found["whole has a value"] == "10 of 40 rows"


def test_the_same_holds_where_only_one_column_fits_into_a_stack(contract, staged, monkeypatch):
    batch = staged(ROWS)
    at_once = check(contract, batch, "run 1")
    monkeypatch.setattr("contender.gating.stacking._CELLS", 1)
    assert check(contract, batch, "run 1").expectations == at_once.expectations


def test_every_expectation_about_single_values_is_stacked(contract, staged):
    stackable = {e for e in contract.all_expectations() if is_stackable(e, contract)}
    assert validate_stacked(contract, staged(ROWS)).keys() == stackable >= set(EXPECTATIONS)
