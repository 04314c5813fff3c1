"""Read a file with a JSON object in each line as texts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa

from contender.landing import RawFile
from contender.records import Defect

_BATCH = 50_000
Fields = dict[str, str | None]


def read_json_lines(raw: RawFile) -> tuple[pa.Table, list[Defect]]:
    """Return the objects' fields as texts, numbers as they are written, and the defects of lines that were skipped.

    A column that an object does not have is missing in its row. Blank lines are skipped.
    """
    parts, skipped = [], []
    batch: list[Fields] = []
    for number, found in _objects(raw):
        if isinstance(found, str):
            skipped.append((number, found))
            continue
        batch.append(found)
        if len(batch) == _BATCH:
            parts.append(_to_table(batch))
            batch = []
    parts.append(_to_table(batch))
    return pa.concat_tables(parts, promote_options="default"), _describe_skipped(raw, skipped)


def _objects(raw: RawFile) -> Iterator[tuple[int, Fields | str]]:
    """Yield the number of each line with its fields, or with what is wrong with it."""
    with raw.copy_path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line.rstrip(), parse_int=str, parse_float=str, object_pairs_hook=_fields)
            except json.JSONDecodeError as error:
                yield number, f"is not JSON: {error.msg} at character {error.colno}"
            except ValueError as error:
                yield number, str(error)
            else:
                yield number, found if isinstance(found, dict) else "is not an object"


def _fields(pairs: list[tuple[str, object]]) -> Fields:
    fields: Fields = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"has the field {name!r} twice")
        match value:
            case dict() | list():
                raise ValueError(f"has a nested value in {name!r}")
            case bool():
                fields[name] = "true" if value else "false"
            case None | str():
                fields[name] = value
            case _:  # NaN and Infinity, which JSON does not have
                fields[name] = repr(value)
    return fields


def _to_table(batch: list[Fields]) -> pa.Table:
    names = list(dict.fromkeys(name for fields in batch for name in fields))
    return pa.table({name: pa.array([fields.get(name) for fields in batch], pa.string()) for name in names})


def _describe_skipped(raw: RawFile, skipped: list[tuple[int, str]]) -> list[Defect]:
    if not skipped:
        return []
    number, why = skipped[0]
    return [
        Defect(
            what=f"{len(skipped)} lines cannot be read; line {number} {why}",
            where=f"{raw.name}, line {number}",
            way_out="write one flat JSON object in each line",
        )
    ]
