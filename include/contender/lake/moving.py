"""Give copied tables another place: Iceberg's metadata names every file by its absolute path.

The rows are not changed. As in Iceberg's own `rewrite_table_path`, the paths in metadata files, manifest lists and
manifests are replaced, and everything else in them is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from pyiceberg.avro.file import AvroFile, AvroOutputFile
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import ManifestContent
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.typedef import Record
from pyiceberg.types import StructType

from contender.lake import places
from contender.lake.fit import LakeError
from contender.lake.snapshots import reach
from contender.specs.frozen import Frozen

# Ids of Iceberg's fields: paths of data files, and the path and length of a manifest.
_PATHS = frozenset({100, 143, 500})
_MANIFEST_PATH, _MANIFEST_LENGTH = 500, 501


class Move(Frozen):
    """The move of everything below a place to another place. Both are absolute paths, or are on S3."""

    old: str
    new: str

    def covers(self, path: str) -> bool:
        """Return whether a path is the old place, or below it."""
        plain = places.plain(path)
        return plain == self.old or plain.startswith(f"{self.old}/")

    def apply(self, path: str) -> str:
        """Return the new path of a path; paths elsewhere are returned unchanged."""
        return self.new + places.plain(path)[len(self.old) :] if self.covers(path) else path

    def apply_to_json(self, value: Any) -> Any:
        """Return a JSON value in which every string that is a path below the old place is replaced."""
        match value:
            case str():
                return self.apply(value)
            case list():
                return [self.apply_to_json(item) for item in value]
            case dict():
                return {key: self.apply_to_json(item) for key, item in value.items()}
        return value


def list_table_files(table: Table) -> list[str]:
    """Return the files that a table's snapshots need, without its metadata file.

    Raises LakeError if the table has files of deleted rows, which only other engines write: they contain paths, too.
    """
    manifests = chain.from_iterable(snapshot.manifests(table.io) for snapshot in table.snapshots())
    if any(manifest.content == ManifestContent.DELETES for manifest in manifests):
        raise LakeError(
            f"{'.'.join(table.name())} has files of deleted rows, written by another engine: rewrite its data files "
            "and expire its old snapshots there"
        )
    reached = reach(table).values()
    statistics = [*table.metadata.statistics, *table.metadata.partition_statistics]
    files = {file for needed in reached for file in (*needed.data, *needed.listings)}
    return sorted(files | {found.statistics_path for found in statistics})


def move_metadata(content: bytes, move: Move) -> bytes:
    """Return a table's metadata file with moved paths, without its list of earlier metadata files."""
    moved = move.apply_to_json(json.loads(content))
    return json.dumps({**moved, "metadata-log": []}).encode()


def manifest_lists(metadata: bytes) -> list[str]:
    """Return the paths of the manifest lists that a metadata file names."""
    return [found["manifest-list"] for found in json.loads(metadata).get("snapshots", [])]


def listed_manifests(manifest_list: Path) -> list[str]:
    """Return the paths of the manifests in a manifest list."""
    with AvroFile[Record](PyArrowFileIO().new_input(str(manifest_list))) as file:
        place = [field.field_id for field in file.schema.fields].index(_MANIFEST_PATH)
        return [record[place] for record in file]


def move_listing(source: Path, target: Path, move: Move, lengths: Mapping[str, int]) -> None:
    """Write a manifest or a manifest list with moved paths. `lengths`: of the moved manifests, by their new path."""
    system = PyArrowFileIO()
    with AvroFile[Record](system.new_input(str(source))) as file:
        records = list(_move_records(file, move, lengths))
        name = json.loads(file.header.meta["avro.schema"])["name"]
        output = system.new_output(str(target))
        with AvroOutputFile[Record](output, file.schema, name, metadata=file.header.meta) as written:
            if records:
                written.write_block(records)


def _move_records(file: AvroFile[Record], move: Move, lengths: Mapping[str, int]) -> Iterator[Record]:
    for record in file:
        _move_record(record, file.schema, move)
        ids = [field.field_id for field in file.schema.fields]
        if _MANIFEST_PATH in ids:
            record[ids.index(_MANIFEST_LENGTH)] = lengths[record[ids.index(_MANIFEST_PATH)]]
        yield record


def _move_record(record: Record, kind: Schema | StructType, move: Move) -> None:
    for place, field in enumerate(kind.fields):
        value = record[place]
        if field.field_id in _PATHS and value is not None:
            record[place] = move.apply(value)
        elif isinstance(field.field_type, StructType) and value is not None:
            _move_record(value, field.field_type, move)
