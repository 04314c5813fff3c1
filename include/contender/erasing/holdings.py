"""What a table holds of a key, in its newest snapshot and in those behind it, and how it is taken out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import Field

from contender.erasing.copies import Copy, Way
from contender.erasing.sought import Sought
from contender.lake import Lake, places
from contender.lake.rewriting import current_files, rewrite_days
from contender.lake.snapshots import SAFETY, expire, find_loose, reach
from contender.records import PinnedBy
from contender.specs import Contract
from contender.specs.days import parse_day
from contender.specs.frozen import Frozen

WHOLE = "all"


class PinnedSnapshot(Frozen):
    """A snapshot that the book of record refers to, and what needs it."""

    table: str
    snapshot: int
    why: str


class Holding(Frozen):
    """What a table has of the key: rows by day now (`all` in a table without days), and snapshots with them."""

    table: str
    rows: dict[str, int] = Field(default_factory=dict)
    expiring: tuple[int, ...] = ()
    pinned: tuple[PinnedSnapshot, ...] = ()

    @property
    def days(self) -> tuple[date | None, ...]:
        """The days that have such rows; None stands for a table without days."""
        return tuple(None if day == WHOLE else parse_day(day) for day in self.rows)


def find_holding(lake: Lake, contract: Contract, sought: Sought, pinned: Iterable[PinnedBy]) -> Holding:
    """Return what the table holds of the key. A snapshot that a version was fitted on stays, any other is to expire."""
    table = lake.iceberg(contract.table)
    if table is None or table.current_snapshot() is None:
        return Holding(table=contract.table)
    reached = reach(table)
    hits = {file: _count(sought, file) for file in {f for r in reached.values() for f in r.data}}
    tainted = {snapshot for snapshot, files in reached.items() if any(hits[file] for file in files.data)}
    needed = _needed(pinned)
    return Holding(
        table=contract.table,
        rows={str(day or WHOLE): hits[file] for day, file in current_files(table) if hits[file]},
        expiring=tuple(sorted(tainted - set(needed))),
        pinned=tuple(needed[snapshot] for snapshot in sorted(tainted & set(needed))),
    )


def take_out(lake: Lake, contract: Contract, sought: Sought, staging: str) -> None:
    """Rewrite the days that hold the key without its rows, in one commit; a day of nothing else is gone."""
    rewrite_days(lake, contract, staging, lambda file: _count(sought, file) != 0, sought.without)


def find_strays(lake: Lake, contract: Contract, sought: Sought, now: datetime) -> tuple[Copy, ...]:
    """Return the files in a table's folder that hold the key and no snapshot knows: a killed commit left them.

    One that is younger than a day may belong to a commit under way, and is left to upkeep.
    """
    table = lake.iceberg(contract.table)
    loose = [] if table is None else [f for f in find_loose(table) if f.name.endswith(".parquet")]
    found = []
    for file in loose:
        if (rows := _count(sought, file.name)) > 0:
            way: Way = "remove" if file.since < now - SAFETY else "beyond reach"
            found.append(Copy(path=file.name, rows=rows, way=way))
    return tuple(found)


def expire_holding(lake: Lake, holding: Holding) -> None:
    """Expire the snapshots that hold the rows and that nothing needs; their rows go first."""
    expire(lake, holding.table, holding.expiring, data_first=True)


def _needed(pinned: Iterable[PinnedBy]) -> dict[int, PinnedSnapshot]:
    """Return the pinned snapshots of a table by id, each with the versions that were fitted on it."""
    fitted: dict[int, PinnedSnapshot] = {}
    for pin in pinned:
        by = f"{pin.model} v{pin.version} of the night {pin.night}"
        known = fitted.get(pin.snapshot)
        why = f"fitted on it: {by}" if known is None else f"{known.why}, {by}"
        fitted[pin.snapshot] = PinnedSnapshot(table=pin.table, snapshot=pin.snapshot, why=why)
    return fitted


def _count(sought: Sought, file: str) -> int:
    try:
        with places.open_file(places.plain(file)) as content:
            return sought.count_in(content)
    except FileNotFoundError:
        # Erased by an attempt that was killed before it expired the snapshot: that is still to be done.
        return -1
