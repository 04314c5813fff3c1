"""Propose wider bounds of the number of rows, when the last deliveries show that the world has changed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from contender.records import GateResult
from contender.specs import Contract, RowCount, describe
from contender.specs.frozen import Frozen

# So many days in a row are no accident of one delivery.
FEWEST_DAYS = 3
# A proposed bound is this far from the days that it must admit: half and twice their numbers of rows.
_ROOM = 2


class WiderBounds(Frozen):
    """A line of the contract that would admit the newest days, and these days as its reason."""

    evidence: str
    line: str


def widen_row_count(contract: Contract, newest: Sequence[GateResult]) -> WiderBounds | None:
    """Return wider bounds if the newest days all had too few rows, or all too many; otherwise None.

    `newest` has the results of the table's gate, newest first; of a day that was delivered again, the newest counts.
    """
    if not newest or not newest[0].days.is_single:
        return None
    failed = {expectation.identity for expectation in newest[0].failed}
    bounds = next((e for e in contract.all_expectations() if describe(e, 1) in failed), None)
    if not isinstance(bounds, RowCount):
        return None
    days = {result.days.first: result.rows for result in reversed(newest) if result.days.is_single}
    counts = [days[day] for day in sorted(days, reverse=True)]
    few = list(takewhile(lambda rows: rows < bounds.low, counts))
    many = list(takewhile(lambda rows: rows > bounds.high, counts))
    admitted = max(few, many, key=len)
    if len(admitted) < FEWEST_DAYS:
        return None
    wider = bounds.model_copy(
        update={"low": _round(min(few) / _ROOM)} if few else {"high": _round(max(many) * _ROOM)}
    )
    severity = "" if wider.severity == "fail" else f', severity="{wider.severity}"'
    return WiderBounds(
        evidence=f"the last {len(admitted)} days had {min(admitted):,} to {max(admitted):,} rows",
        line=f"RowCount(low={wider.low:_}, high={wider.high:_}{severity})",
    )


def _round(rows: float) -> int:
    """Round to two digits."""
    return int(float(f"{rows:.1e}"))
