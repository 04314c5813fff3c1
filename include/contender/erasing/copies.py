"""Find and remove rows with a key in copies outside the tables: in staging, quarantine and aside."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from hashlib import sha256
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from contender.erasing.sought import Sought
from contender.lake import places
from contender.records import StagedBatch, StagedFile
from contender.settings import Settings
from contender.specs.frozen import Frozen

Way = Literal["rewrite", "remove", "beyond reach", "not searched"]


class Copy(Frozen):
    """A file outside the tables that contains rows with the key, or mentions or may mention it and is left as it is.

    A file that cannot be read, for example a compressed or damaged one, is not searched.
    """

    path: str
    rows: int
    way: Way

    @property
    def is_left(self) -> bool:
        """Whether an erasure leaves the file as it is."""
        return self.way in ("beyond reach", "not searched")


def find_copies(sought: Sought, settings: Settings, kinds: Collection[pa.DataType]) -> tuple[Copy, ...]:
    """Return the copies in order. `kinds` are the types that the key's column is read as.

    A staged file is removed as a whole: its run, which knows its digest, fails on the missing file and starts again.
    """
    found = []
    for root in (settings.staging, settings.quarantine, settings.aside):
        way: Way = "remove" if root == settings.staging else "rewrite"
        for file in places.files(root):
            try:
                rows = _count(sought, file.place, kinds)
            except (pa.ArrowInvalid, csv.Error, UnicodeDecodeError):
                rows = None
            if rows:
                found.append(Copy(path=file.place, rows=rows, way=way))
            elif _mentions(sought, file.place, is_rows=rows is not None):
                found.append(Copy(path=file.place, rows=0, way="beyond reach"))
            elif rows is None:
                found.append(Copy(path=file.place, rows=0, way="not searched"))
    return tuple(found)


def clear_copies(sought: Sought, copies: Collection[Copy], kinds: Collection[pa.DataType]) -> None:
    """Remove the rows from these files; each file is rewritten or removed."""
    for copy in copies:
        if copy.way == "remove":
            places.remove(copy.path)
        elif copy.way == "rewrite" and places.exists(copy.path):
            if copy.path.endswith(".parquet"):
                places.write_rows(sought.without(places.read_rows(copy.path)), copy.path)
            else:
                lines = [line for line, matches in _records(sought, copy.path, kinds) if not matches]
                places.write(copy.path, "".join(lines).encode())


def renew_batches(settings: Settings) -> None:
    """Update the description of every quarantined batch to its rewritten files.

    The batch keeps its id, which people's decisions refer to. Files that a decision has removed are left out.
    """
    for described in places.files(settings.quarantine, suffix="/batch.json"):
        batch = StagedBatch.model_validate_json(places.read(described.place))
        files = tuple(_updated(file) if places.exists(file.path) else file for file in batch.files)
        if files != batch.files:
            renewed = batch.model_copy(update={"files": files})
            places.write(described.place, renewed.model_dump_json(indent=2).encode())


def _updated(file: StagedFile) -> StagedFile:
    content = places.read(file.path)
    rows = pq.ParquetFile(io.BytesIO(content)).metadata.num_rows
    return file.model_copy(update={"digest": sha256(content).hexdigest(), "rows": rows})


def _count(sought: Sought, place: str, kinds: Collection[pa.DataType]) -> int:
    if place.endswith(".parquet"):
        with places.open_file(place) as file:
            return sought.count_in(file)
    # Only delivered files are read as CSV; the files that Contender writes next to them have no rows.
    if "raw" not in place.split("/"):
        return 0
    return sum(matches for _, matches in _records(sought, place, kinds))


def _records(sought: Sought, place: str, kinds: Collection[pa.DataType]) -> Iterator[tuple[str, bool]]:
    """Yield each record of a CSV file verbatim, and whether it has the key."""
    with places.open_file(place) as stream, io.TextIOWrapper(stream, encoding="utf-8", newline="") as file:
        consumed: list[str] = []
        reader = csv.reader(_recording(file, consumed), strict=True)
        header = next(reader, [])
        yield "".join(consumed), False
        names = [name.removeprefix("\ufeff") for name in header]
        columns = [number for number, name in enumerate(names) if name in sought.names]
        consumed.clear()
        for fields in reader:
            matches = any(at < len(fields) and sought.is_text(fields[at], kinds) for at in columns)
            yield "".join(consumed), matches
            consumed.clear()


def _recording(lines: Iterator[str], consumed: list[str]) -> Iterator[str]:
    for line in lines:
        consumed.append(line)
        yield line


def _mentions(sought: Sought, place: str, *, is_rows: bool) -> bool:
    pattern = rb"(?<![0-9A-Za-z])" + re.escape(sought.value.encode()) + rb"(?![0-9A-Za-z])"
    if is_rows and place.endswith(".parquet"):
        return False
    with io.BufferedReader(places.open_file(place)) as lines:
        return any(re.search(pattern, line) for line in lines)
