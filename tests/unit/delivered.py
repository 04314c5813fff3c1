"""Read a delivered file in memory, as ingestion reads it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa

from contender.ingesting.portions import read_delivery, spool_for
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import DatasetSpec


class Read(NamedTuple):
    """The rows of a file, typed by the contract, and its defects."""

    rows: pa.Table
    defects: tuple[Defect, ...]


def read_in_memory(raw: RawFile, spec: DatasetSpec) -> Read:
    """Return the rows and the defects of a file."""
    with TemporaryDirectory() as folder:
        found = read_delivery(raw, spec, spool_for(spec, Path(folder), several_files=False))
        return Read(found.rows.to_table(), found.defects)
