"""Copies of rows outside the tables, in staging, quarantine and aside: finds those with a key, takes them out."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from contender.lake.sought import Sought
from contender.records import StagedBatch
from contender.settings import Settings
from contender.specs.frozen import Frozen

Way = Literal["rewrite", "remove", "beyond reach"]


class Copy(Frozen):
    """A file outside the tables that holds rows with the key, or mentions it where it cannot be taken out."""

    path: str
    rows: int
    way: Way


def find_copies(sought: Sought, settings: Settings, kinds: Collection[pa.DataType]) -> tuple[Copy, ...]:
    """Every such file, in order. `kinds` are the types that the key's column is read as.

    A staged file is removed whole: its run has its digest, and is told by the missing file to begin again.
    """
    found = []
    for root in (settings.staging, settings.quarantine, settings.aside):
        way: Way = "remove" if root == settings.staging else "rewrite"
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            try:
                rows = _count(sought, path, kinds)
            except (pa.ArrowInvalid, csv.Error, UnicodeDecodeError):
                rows = 0
            if rows:
                found.append(Copy(path=str(path), rows=rows, way=way))
            elif _mentions(sought, path):
                found.append(Copy(path=str(path), rows=0, way="beyond reach"))
    return tuple(found)


def clear_copies(sought: Sought, copies: Collection[Copy], kinds: Collection[pa.DataType]) -> None:
    """Take the rows out of these files; each is replaced by one rename, or removed."""
    for copy in copies:
        path = Path(copy.path)
        if copy.way == "remove":
            path.unlink(missing_ok=True)
        elif copy.way == "rewrite" and path.exists():
            fresh = path.with_name(path.name + ".fresh")
            if path.suffix == ".parquet":
                rows = sought.without(pq.ParquetFile(path).read())
                pq.write_table(rows, fresh, compression="zstd", store_schema=False)
            else:
                lines = [line for line, hit in _records(sought, path, kinds) if not hit]
                fresh.write_text("".join(lines), encoding="utf-8", newline="")
            fresh.replace(path)


def renew_batches(settings: Settings) -> None:
    """Make every quarantined batch's description fit its files again.

    Its id stays: it is what people's decisions about the batch refer to. Files that were removed by a
    decision are left out of it.
    """
    for described in settings.quarantine.glob("*/*/*/batch.json"):
        batch = StagedBatch.model_validate_json(described.read_text())
        files = tuple(
            file.model_copy(
                update={
                    "digest": sha256(Path(file.path).read_bytes()).hexdigest(),
                    "rows": pq.read_metadata(file.path).num_rows,
                }
            )
            if Path(file.path).exists()
            else file
            for file in batch.files
        )
        if files != batch.files:
            fresh = described.with_name(described.name + ".fresh")
            fresh.write_text(batch.model_copy(update={"files": files}).model_dump_json(indent=2))
            fresh.replace(described)


def _count(sought: Sought, path: Path, kinds: Collection[pa.DataType]) -> int:
    if path.suffix == ".parquet":
        return sought.count_in(str(path))
    # Only what was delivered is read as CSV: what we wrote ourselves beside it has no rows.
    if "raw" not in path.parts:
        return 0
    return sum(hit for _, hit in _records(sought, path, kinds))


def _records(sought: Sought, path: Path, kinds: Collection[pa.DataType]) -> Iterator[tuple[str, bool]]:
    """Each record of a CSV file as it stands there, bytes and all, and whether it has the key."""
    with path.open(encoding="utf-8", newline="") as file:
        taken: list[str] = []
        reader = csv.reader(_noting(file, taken), strict=True)
        header = next(reader, [])
        yield "".join(taken), False
        names = [name.removeprefix("\ufeff") for name in header]
        places = [place for place, name in enumerate(names) if name in sought.names]
        taken.clear()
        for fields in reader:
            hit = any(place < len(fields) and sought.is_text(fields[place], kinds) for place in places)
            yield "".join(taken), hit
            taken.clear()


def _noting(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _mentions(sought: Sought, path: Path) -> bool:
    word = rb"(?<![0-9A-Za-z])" + re.escape(sought.value.encode()) + rb"(?![0-9A-Za-z])"
    if path.suffix == ".parquet":
        return False
    with path.open("rb") as lines:
        return any(re.search(word, line) for line in lines)
