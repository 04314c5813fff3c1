"""Find and remove a table's rows with a key, in its newest snapshot and in older ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from pydantic import Field

from contender.erasing.copies import Copy, Way
from contender.erasing.sought import Sought
from contender.lake import Lake, places
from contender.lake.rewriting import DayFiles, current_files, rewrite_days
from contender.lake.snapshots import SAFETY, expire, find_unreferenced, reach
from contender.records import PinnedBy
from contender.specs import Contract
from contender.specs.days import parse_day
from contender.specs.frozen import Frozen

WHOLE = "all"


class PinnedSnapshot(Frozen):
    """A snapshot that the book of record refers to, and why it is needed."""

    table: str
    snapshot: int
    why: str


class Holding(Frozen):
    """The rows of a table with the key: their number by day (`all` in a table without days), and the snapshots."""

    table: str
    rows: dict[str, int] = Field(default_factory=dict)
    expiring: tuple[int, ...] = ()
    pinned: tuple[PinnedSnapshot, ...] = ()

    @property
    def days(self) -> tuple[date | None, ...]:
        """The days with such rows; None stands for a table without days."""
        return tuple(None if day == WHOLE else parse_day(day) for day in self.rows)


def find_holding(lake: Lake, contract: Contract, sought: Sought, pinned: Iterable[PinnedBy]) -> Holding:
    """Find the rows and snapshots with the key. Snapshots that a version was fitted on are kept, others expire."""
    table = lake.iceberg(contract.table)
    if table is None or table.current_snapshot() is None:
        return Holding(table=contract.table)
    reached = reach(table)
    counts = {file: _count(sought, file) for file in {f for r in reached.values() for f in r.data}}
    containing = {snapshot for snapshot, files in reached.items() if any(counts[file] for file in files.data)}
    needed = _needed(pinned)
    return Holding(
        table=contract.table,
        rows=_rows_by_day(current_files(table), counts),
        expiring=tuple(sorted(containing - set(needed))),
        pinned=tuple(needed[snapshot] for snapshot in sorted(containing & set(needed))),
    )


def remove_rows(lake: Lake, contract: Contract, sought: Sought, staging: str) -> None:
    """Rewrite the days without the rows that have the key, in one commit; a day without other rows is removed."""

    def affected(files: DayFiles) -> list[date | None]:
        return [day for day, paths in files.items() if any(_count(sought, path) != 0 for path in paths)]

    rewrite_days(lake, contract, staging, affected, sought.without)


def find_strays(lake: Lake, contract: Contract, sought: Sought, now: datetime) -> tuple[Copy, ...]:
    """Return unreferenced files in a table's folder that contain the key; killed commits leave such files.

    A file that is younger than a day may belong to a commit in progress, and is left to upkeep.
    """
    table = lake.iceberg(contract.table)
    unreferenced = (
        [] if table is None else [f for f in find_unreferenced(table) if f.name.endswith(".parquet")]
    )
    found = []
    for file in unreferenced:
        if (rows := _count(sought, file.name)) > 0:
            way: Way = "remove" if file.since < now - SAFETY else "beyond reach"
            found.append(Copy(path=file.name, rows=rows, way=way))
    return tuple(found)


def expire_holding(lake: Lake, holding: Holding) -> None:
    """Expire the snapshots that contain the rows and are not pinned; data files are deleted first."""
    expire(lake, holding.table, holding.expiring, data_first=True)


def _rows_by_day(files: Iterable[tuple[date | None, str]], counts: Mapping[str, int]) -> dict[str, int]:
    """Return the rows with the key by day; a day whose file an earlier attempt erased has -1."""
    found: dict[str, int] = {}
    for day, file in files:
        if counts[file]:
            name = str(day or WHOLE)
            found[name] = found.get(name, 0) + counts[file]
    return found


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
        # An earlier attempt erased the file, but was killed before it expired the snapshot.
        return -1
