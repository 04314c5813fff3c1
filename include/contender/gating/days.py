"""Judge every day of a range: a day without rows, or with too few, must not hide in the total of the others.

Pure functions of a batch, its contract and the row counts of previous days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from contender.gating.usual import Past, judge_volume
from contender.records import ExpectationResult, StagedBatch
from contender.specs import Contract, RowCount, Usual, describe, describe_days

SHOWN = 20


def check_days(contract: Contract, batch: StagedBatch, past: Past | None) -> tuple[ExpectationResult, ...]:
    """Return the results of the checks of each open day of a range, which name every day that fails."""
    counted = {file.day: file.rows for file in batch.files}
    rows = {day: counted.get(day, 0) for day in batch.days.each() if day not in contract.closed}
    bounds = [expectation for expectation in contract.expectations if isinstance(expectation, RowCount)]
    results = [_judge_count(bound, rows) for bound in bounds]
    if contract.usual is not None:
        may_be_empty = any(bound.low == 0 for bound in bounds)
        held = {} if past is None else past.rows
        results.append(_judge_volumes(contract.usual, rows, held, may_be_empty=may_be_empty))
    return tuple(results)


def _judge_count(bound: RowCount, rows: Mapping[date, int]) -> ExpectationResult:
    expectation = f"each day of the range: {describe(bound, 1)}"
    wrong = {day: count for day, count in rows.items() if not bound.low <= count <= bound.high}
    return ExpectationResult(
        expectation=expectation,
        verdict=bound.severity if wrong else "pass",
        observed=_describe_counts(wrong) if wrong else "passed",
    )


def _judge_volumes(
    usual: Usual, rows: Mapping[date, int], held: Mapping[date, int], *, may_be_empty: bool
) -> ExpectationResult:
    """Compare each day with the same weekday of the weeks before, in the range or in the table."""
    known = {**held, **rows}
    judged = {day: judge_volume(usual, day, count, known) for day, count in rows.items()}
    wrong = {
        day: rows[day]
        for day, result in judged.items()
        if result.verdict != "pass" or not (rows[day] or may_be_empty)
    }
    return ExpectationResult(
        expectation="each day of the range has about as many rows as on the same weekday",
        verdict=usual.volume_severity if wrong else "pass",
        observed=_describe_counts(wrong) if wrong else "passed",
    )


def _describe_counts(rows: Mapping[date, int]) -> str:
    """Name the days without rows, then the others with their number of rows, up to a limit."""
    shown = [f"{day}: {count} rows" for day, count in rows.items() if count]
    if len(shown) > SHOWN:
        shown = [*shown[:SHOWN], f"and {len(shown) - SHOWN} more days"]
    if empty := describe_days(day for day, count in rows.items() if not count):
        shown = [f"no rows of {empty}", *shown]
    return "; ".join(shown)
