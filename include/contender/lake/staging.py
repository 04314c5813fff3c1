"""Write a batch as Parquet, one file per day; equal rows give equal bytes, whichever engine computed them."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from contender.lake import places
from contender.lake.schema import arrow_schema
from contender.lake.spooling import RepeatedKeyError, SpooledRows, in_slabs
from contender.records import StagedBatch, StagedFile
from contender.records.batches import Defect, DeliveredFile
from contender.specs import Contract, Days

# Columns with the file and the row in it that a row was delivered in; no column of a contract has such a name.
FILE_OF_ROW, NUMBER_OF_ROW = "delivered in file", "delivered in row"
ORIGINS = pa.schema([(FILE_OF_ROW, pa.string()), (NUMBER_OF_ROW, pa.int64())])


class Evidence(NamedTuple):
    """Facts about a delivery: its raw files in staging and as they were delivered, its defects, and dropped rows."""

    sources: tuple[str, ...] = ()
    delivered: tuple[DeliveredFile, ...] = ()
    defects: tuple[Defect, ...] = ()
    dropped: int = 0


_NO_EVIDENCE = Evidence()


def stage(
    rows: pa.Table | SpooledRows,
    contract: Contract,
    days: Days,
    staging: str,
    evidence: Evidence = _NO_EVIDENCE,
) -> StagedBatch:
    """Write `rows` (the contract's columns; in a table, of castable types) as a batch of these days.

    Rows are sorted by the primary key, then by all other columns, so that rows with duplicate keys have one order, too.
    Each attempt writes into a new folder, so that concurrent attempts never share a file. If `rows` has the columns
    FILE_OF_ROW and NUMBER_OF_ROW, they are written beside the rows. Raises pyarrow.ArrowInvalid if a value does not
    fit its column's type.
    """
    with TemporaryDirectory() as spill:
        spooled = rows if isinstance(rows, SpooledRows) else _spool_table(rows, contract, Path(spill))
        folder = places.below(staging, contract.table, days.key, uuid.uuid4().hex)
        files = _write_files(spooled, contract, days, folder)
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


def spool(
    tables: Iterable[pa.Table], contract: Contract, folder: Path, origins: Sequence[str] = ()
) -> SpooledRows:
    """Return a spool in `folder` of all rows of some tables, which have the contract's columns, of castable types.

    `origins` are the columns of ORIGINS that the tables have, too.
    """
    schema = arrow_schema(contract)
    for name in origins:
        schema = schema.append(ORIGINS.field(name))
    spooled = SpooledRows(schema, folder)
    for rows in tables:
        spooled.add(rows.select(schema.names).cast(schema))
    return spooled


def _spool_table(rows: pa.Table, contract: Contract, folder: Path) -> SpooledRows:
    return spool([rows], contract, folder, [name for name in ORIGINS.names if name in rows.column_names])


def _write_files(rows: SpooledRows, contract: Contract, days: Days, folder: str) -> tuple[StagedFile, ...]:
    """Write a file for each day that has rows, in order; for a table without days, one file."""
    key = list(dict.fromkeys([*(["day"] if contract.daily else []), *contract.primary_key]))
    rest = [name for name in rows.schema.names if name not in key]
    write = partial(_write_days if contract.daily else _write_whole, rows, contract, days, folder)
    try:
        return tuple(write(rows.in_order_of_key(key, rest)))
    except RepeatedKeyError:
        return tuple(write(rows.in_order([*key, *rest])))


def _write_whole(
    rows: SpooledRows, contract: Contract, _: Days, folder: str, ordered: Iterable[pa.Table]
) -> Iterator[StagedFile]:
    yield _write(ordered, rows, contract, None, folder)


def _write_days(
    rows: SpooledRows, contract: Contract, days: Days, folder: str, ordered: Iterable[pa.Table]
) -> Iterator[StagedFile]:
    # Rows of other days are kept in a file of their own: such a batch fails its gate, and no row is lost.
    strange = rows.beside()
    parts = itertools.chain.from_iterable(_parts(table, days) for table in ordered)
    for day, found in itertools.groupby(parts, key=itemgetter(0)):
        tables = (table for _, table in found)
        if day is None:
            strange.extend(rows.beside(tables))
        else:
            yield _write(tables, rows, contract, day, folder)
    if strange.num_rows:
        by = dict.fromkeys([*contract.primary_key, *rows.schema.names])
        yield _write(strange.in_order([*by]), rows, contract, None, folder)


def _parts(rows: pa.Table, days: Days) -> Iterator[tuple[date | None, pa.Table]]:
    """Yield the rows of each day that is present, in order, then those of other days."""
    present = pc.unique(rows["day"]).to_pylist()
    for day in sorted(day for day in present if day is not None and day in days):
        yield day, rows.filter(pc.equal(rows["day"], pa.scalar(day, pa.date32())))
    if any(day is None or day not in days for day in present):
        known = pc.is_in(rows["day"], pa.array(list(days.each()), pa.date32()))
        yield None, rows.filter(pc.invert(known))


def _write(
    tables: Iterable[pa.Table], rows: SpooledRows, contract: Contract, name: date | None, folder: str
) -> StagedFile:
    """Write a day's rows and, beside them, the files and rows in which they were delivered."""
    path, beside = (
        places.below(folder, f"{name or 'rows'}{end}") for end in (".parquet", ".origins.parquet")
    )
    count, origins = 0, SpooledRows(ORIGINS, rows.folder)
    has_origins = FILE_OF_ROW in rows.schema.names

    def keep_origins() -> Iterator[pa.Table]:
        nonlocal count
        for slab in in_slabs(tables, places.ROWS_OF_GROUP):
            count += slab.num_rows
            if has_origins:
                origins.add(slab.select(ORIGINS.names))
            yield slab.select(list(contract.column_names))

    digest = places.write_tables(keep_origins(), arrow_schema(contract), path)
    if has_origins:
        places.write_tables(origins.slabs(), ORIGINS, beside)
    return StagedFile(day=name, path=path, rows=count, digest=digest, origins=beside if has_origins else None)


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
