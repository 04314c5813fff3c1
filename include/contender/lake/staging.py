"""Write a batch as Parquet, one file per day; equal rows give equal bytes, whichever engine computed them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from contender.lake import places
from contender.lake.schema import arrow_schema
from contender.records import StagedBatch, StagedFile
from contender.records.batches import Defect, DeliveredFile
from contender.specs import Contract, Days

# Columns with the file and the row in it that a row was delivered in; no column of a contract has such a name.
FILE_OF_ROW, NUMBER_OF_ROW = "delivered in file", "delivered in row"


class Evidence(NamedTuple):
    """Facts about a delivery: its raw files in staging and as they were delivered, its defects, and dropped rows."""

    sources: tuple[str, ...] = ()
    delivered: tuple[DeliveredFile, ...] = ()
    defects: tuple[Defect, ...] = ()
    dropped: int = 0


_NO_EVIDENCE = Evidence()


def stage(
    rows: pa.Table, contract: Contract, days: Days, staging: str, evidence: Evidence = _NO_EVIDENCE
) -> StagedBatch:
    """Write `rows` (the contract's columns, of castable types) as a batch of these days.

    Rows are sorted by the primary key. Each attempt writes into a new folder, so that concurrent attempts never
    share a file. If `rows` has the columns FILE_OF_ROW and NUMBER_OF_ROW, they are written beside the rows. Raises
    pyarrow.ArrowInvalid if a value does not fit its column's type.
    """
    folder = places.below(staging, contract.table, days.key, uuid.uuid4().hex)
    typed = rows.select(list(contract.column_names)).cast(arrow_schema(contract))
    for name in (FILE_OF_ROW, NUMBER_OF_ROW):
        if name in rows.column_names:
            typed = typed.append_column(name, rows[name])
    ordered = _in_order(typed, contract)
    files = tuple(_write(part, contract, day, folder) for day, part in _parts(ordered, contract, days))
    return StagedBatch(
        table=contract.table,
        days=days,
        files=files,
        fingerprint=fingerprint(files),
        sources=evidence.sources,
        delivered=evidence.delivered,
        defects=evidence.defects,
        dropped=evidence.dropped,
    )


def fingerprint(files: Iterable[StagedFile]) -> str:
    """Return the fingerprint of a batch's content: the SHA-256 of its days and their digests."""
    listed = "\n".join(f"{file.day} {file.digest}" for file in sorted(files, key=lambda f: str(f.day)))
    return sha256(listed.encode()).hexdigest()


def _in_order(rows: pa.Table, contract: Contract) -> pa.Table:
    """Sort by the primary key, then by all other columns, so that rows with duplicate keys have one order, too."""
    rest = [name for name in contract.column_names if name not in contract.primary_key]
    by = [*contract.primary_key, *rest]
    return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in by])).combine_chunks()


def _parts(rows: pa.Table, contract: Contract, days: Days) -> Iterator[tuple[date | None, pa.Table]]:
    if not contract.daily:
        yield None, rows
        return
    # Rows of other days are kept in a file of their own: such a batch fails its gate, and no row is lost.
    present = pc.unique(rows["day"]).to_pylist()
    for day in days.each():
        if day in present:
            yield day, rows.filter(pc.equal(rows["day"], pa.scalar(day, pa.date32())))
    strange = [day for day in present if day is None or day not in days]
    if strange:
        known = pc.is_in(rows["day"], pa.array(list(days.each()), pa.date32()))
        yield None, rows.filter(pc.invert(known))


def _write(part: pa.Table, contract: Contract, day: date | None, folder: str) -> StagedFile:
    path = places.below(folder, f"{day or 'rows'}.parquet")
    rows = part.select(list(contract.column_names))
    digest = sha256(places.write_rows(rows, path)).hexdigest()
    origins = None
    if FILE_OF_ROW in part.column_names:
        origins = places.below(folder, f"{day or 'rows'}.origins.parquet")
        places.write_rows(part.select([FILE_OF_ROW, NUMBER_OF_ROW]), origins)
    return StagedFile(day=day, path=path, rows=rows.num_rows, digest=digest, origins=origins)


def sweep(staging: str, *, older_than: timedelta) -> int:
    """Remove the folders of attempts that are older than this, and return their number."""
    limit = datetime.now(UTC) - older_than
    newest: dict[str, datetime] = {}
    for file in places.files(staging):
        if found := _ATTEMPT.match(file.place.removeprefix(staging)):
            attempt = staging + found[0]
            newest[attempt] = max(file.since, newest.get(attempt, file.since))
    old = [attempt for attempt, since in newest.items() if since < limit]
    for attempt in old:
        places.remove_below(attempt)
    return len(old)


_ATTEMPT = re.compile(r".*?/[0-9a-f]{32}(?=/)")
