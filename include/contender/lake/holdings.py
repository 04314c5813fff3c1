"""What a table holds of a key, in its newest snapshot and in those behind it, and how it is taken out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from pydantic import Field
from pyiceberg.table import Table

from contender.lake import places
from contender.lake.copies import Copy, Way
from contender.lake.rewriting import day_of, on_the_newest_state, replace_days
from contender.lake.snapshots import SAFETY, PinnedSnapshot, expire, find_loose, reach
from contender.lake.sought import Sought
from contender.lake.staging import stage
from contender.lake.tables import Lake
from contender.records import StagedFile
from contender.specs import Contract, Days
from contender.specs.days import parse_day
from contender.specs.frozen import Frozen

WHOLE = "all"


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


def names_of(lake: Lake, contract: Contract, column: str) -> frozenset[str]:
    """All that a column of a table was ever called: older snapshots know it by its older names."""
    table = lake.iceberg(contract.table)
    if table is None or column not in table.schema().column_names:
        return frozenset({column})
    field = table.schema().find_field(column).field_id
    found = {schema.find_column_name(field) for schema in table.schemas().values()}
    return frozenset({column, *filter(None, found)})


def find_holding(lake: Lake, contract: Contract, sought: Sought, pins: Collection[PinnedSnapshot]) -> Holding:
    """What the table holds of the key. A snapshot that somebody needs is `pinned`, another one is to expire."""
    table = lake.iceberg(contract.table)
    if table is None or table.current_snapshot() is None:
        return Holding(table=contract.table)
    reached = reach(table)
    hits = {file: _count(table, file, sought) for file in {f for r in reached.values() for f in r.data}}
    tainted = {snapshot for snapshot, files in reached.items() if any(hits[file] for file in files.data)}
    needed = {pin.snapshot: pin for pin in pins if pin.table == contract.table}
    return Holding(
        table=contract.table,
        rows={str(day or WHOLE): hits[file] for day, file in _current(table) if hits[file]},
        expiring=tuple(sorted(tainted - set(needed))),
        pinned=tuple(needed[snapshot] for snapshot in sorted(tainted & set(needed))),
    )


@on_the_newest_state
def take_out(lake: Lake, contract: Contract, sought: Sought, staging: str) -> None:
    """Rewrite the days that hold the key without its rows, in one commit; a day of nothing else is gone."""
    table = lake.iceberg(contract.table)
    newest = None if table is None else table.current_snapshot()
    if table is None or newest is None:
        return
    days = [day for day, file in _current(table) if _count(table, file, sought)]
    files = {}
    for day in days:
        span = None if day is None else Days.one(day)
        kept = sought.without(lake.read(contract, span, snapshot=newest.snapshot_id))
        # A table without days is staged under any day's name.
        batch = stage(kept, contract, span or Days.one(date.min), staging)
        files[day] = next(iter(batch.files), StagedFile(day=day, path="", rows=0, digest=""))
    if files:
        with table.transaction() as change:
            replace_days(table, change, files)


def find_strays(lake: Lake, contract: Contract, sought: Sought, now: datetime) -> tuple[Copy, ...]:
    """Files in a table's folder that hold the key and no snapshot knows: a killed commit left them.

    One that is younger than a day may belong to a commit under way, and is left to upkeep.
    """
    table = lake.iceberg(contract.table)
    loose = [] if table is None else [f for f in find_loose(table) if f.name.endswith(".parquet")]
    found = []
    for file in loose:
        with places.open_file(file.name) as content:
            rows = sought.count_in(content)
        if rows:
            way: Way = "remove" if file.since < now - SAFETY else "beyond reach"
            found.append(Copy(path=file.name, rows=rows, way=way))
    return tuple(found)


def expire_holding(lake: Lake, holding: Holding) -> None:
    """Take away the snapshots that hold the rows and nobody needs; their rows go first."""
    expire(lake, holding.table, holding.expiring, data_first=True)


def _current(table: Table) -> list[tuple[date | None, str]]:
    """The day and the path of each file of the newest snapshot, in the days' order."""
    files = ((day_of(table, task.file), task.file.file_path) for task in table.scan().plan_files())
    return sorted(files, key=lambda found: str(found[0]))


def _count(table: Table, file: str, sought: Sought) -> int:
    try:
        with table.io.new_input(file).open() as stream:
            return sought.count_in(stream)
    except FileNotFoundError:
        # Erased by an attempt that did not come to take away the snapshot: that is still to be done.
        return -1
