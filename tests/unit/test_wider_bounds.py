"""The mail about a failed gate proposes other bounds once days in a row have too few rows, or too many."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.alerting.wider_bounds import FEWEST_DAYS, widen_row_count
from contender.records import ExpectationResult, GateResult
from contender.specs import Column, Contract, Days, RowCount, describe

DECLARED = RowCount(low=1000, high=2000)
CONTRACT = Contract(
    table="datasets.sales",
    owner="shops@example.com",
    columns=(
        Column(name="day", type="date", description="d"),
        Column(name="receipt", type="string", description="r"),
    ),
    primary_key=("day", "receipt"),
    expectations=(DECLARED,),
)


def results(*rows: int, bounds: RowCount = DECLARED) -> list[GateResult]:
    """Return the results of a gate, newest first."""
    return [result(rows_of_day, nth, bounds) for nth, rows_of_day in enumerate(rows)]


def result(rows: int, days_ago: int, bounds: RowCount = DECLARED) -> GateResult:
    passed = bounds.low <= rows <= bounds.high
    verdict = "pass" if passed else "fail"
    counted = ExpectationResult(expectation=describe(bounds, 1), verdict=verdict, observed=f"{rows} rows")
    return GateResult(
        id=f"g{days_ago}",
        table="datasets.sales",
        owner="shops@example.com",
        days=Days.one(date(2020, 4, 1) - timedelta(days=days_ago)),
        run="run",
        verdict=verdict,
        rows=rows,
        fingerprint="f",
        expectations=(counted,),
    )


def test_three_days_with_too_few_rows_are_the_reason_for_a_lower_bound():
    wider = widen_row_count(CONTRACT, results(420, 398, 405, 1500))
    assert wider is not None
    assert wider.evidence == "the last 3 days had 398 to 420 rows"
    assert wider.line == "RowCount(low=200, high=2_000)"


def test_too_many_rows_are_the_reason_for_a_higher_bound():
    wider = widen_row_count(CONTRACT, results(5100, 5000, 4900))
    assert wider is not None
    assert wider.line == "RowCount(low=1_000, high=10_000)"


@pytest.mark.parametrize(
    "rows",
    [(420,), (420, 410, 1500, 400), (420, 3000, 410), (1500, 420, 410, 400)],
    ids=["one day", "a usual day between", "too few and too many", "a usual newest day"],
)
def test_other_days_are_no_reason(rows):
    assert widen_row_count(CONTRACT, results(*rows)) is None


def test_a_day_that_was_delivered_again_counts_once():
    again = [result(420, 0), result(410, 0), result(400, 0)]
    assert widen_row_count(CONTRACT, again) is None


@given(st.lists(st.integers(0, 999), min_size=FEWEST_DAYS, max_size=9))
def test_proposed_bounds_admit_the_days_and_what_was_admitted_before(rows):
    wider = widen_row_count(CONTRACT, results(*rows))
    assert wider is not None
    bounds = eval(wider.line, {"RowCount": RowCount})
    assert all(bounds.low <= one <= bounds.high for one in [*rows, DECLARED.low, DECLARED.high])
