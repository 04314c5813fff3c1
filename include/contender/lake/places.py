"""Files that several workers share, in a folder or on S3, each by one string: a path, or `s3://bucket/key`.

Nobody else opens such a file. A file is written whole or not at all: on S3 by one upload, in a folder by one rename.
Who talks to S3, and where it is, is told by AWS's own variables (`AWS_ENDPOINT_URL`, `AWS_REGION`, ...).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from contender.settings import s3_endpoint, s3_region
from contender.specs.frozen import Frozen

_S3 = "s3://"
_ATTEMPTS = 5


class Found(Frozen):
    """A file that is there."""

    place: str
    size: int
    since: datetime


def is_s3(place: str) -> bool:
    """Whether a place is on S3."""
    return place.startswith(_S3)


def plain(place: str) -> str:
    """A place as this module writes it: a path without `file://`, or `s3://bucket/key`."""
    return place.removeprefix("file://")


def below(place: str, *parts: object) -> str:
    """The place of that name below another one."""
    return "/".join([place.rstrip("/"), *map(str, parts)])


def for_spark(place: str) -> str:
    """The place as Hadoop's file systems call it."""
    return place.replace(_S3, "s3a://", 1) if is_s3(place) else place


def name_of(place: str) -> str:
    """The last part of a place."""
    return place.rsplit("/", 1)[-1]


def exists(place: str) -> bool:
    """Whether there is a file."""
    system, path = _locate(place)
    return bool(system.get_file_info(path).type == fs.FileType.File)


def files(place: str, *, suffix: str = "") -> list[Found]:
    """All files below a place whose names end so, in order; none when nothing is there."""
    system, path = _locate(place)
    listed = system.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
    found = (
        Found(
            place=below(place, info.path[len(path) :].lstrip("/")),
            size=info.size,
            since=info.mtime.astimezone(UTC),
        )
        for info in listed
        if info.type == fs.FileType.File and info.path.endswith(suffix)
    )
    return sorted(found, key=lambda file: file.place)


def open_file(place: str) -> pa.NativeFile:
    """A file to read, at any position. Raises FileNotFoundError when there is none."""
    system, path = _locate(place)
    return system.open_input_file(path)


def read(place: str) -> bytes:
    """What is in a file. Raises FileNotFoundError when there is none."""
    with open_file(place) as file:
        content: bytes = file.read()
    return content


def write(place: str, content: bytes | pa.Buffer) -> str:
    """Put this into a file, in place of what it held. Returns the place."""
    system, path = _locate(place)
    if is_s3(place):
        _put(system, path, content)
        return place
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    draft = f"{path}.{uuid.uuid4().hex}.part"
    try:
        _put(system, draft, content)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    return place


def copy(source: str, target: str) -> str:
    """Copy a file. Returns the target."""
    return write(target, read(source))


def read_rows(place: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of a Parquet file."""
    with open_file(place) as file:
        return pq.ParquetFile(file).read(columns=None if columns is None else list(columns))


def write_rows(rows: pa.Table, place: str) -> pa.Buffer:
    """Write rows as Parquet: equal rows become equal bytes. Returns those."""
    content = pa.BufferOutputStream()
    pq.write_table(rows, content, compression="zstd", store_schema=False)
    written = content.getvalue()
    write(place, written)
    return written


def remove(place: str) -> None:
    """Remove a file; one that is gone already is as wanted."""
    system, path = _locate(place)
    with suppress(FileNotFoundError):
        system.delete_file(path)


def remove_below(place: str) -> None:
    """Remove all that is below a place, and the folder."""
    system, path = _locate(place)
    with suppress(FileNotFoundError):
        system.delete_dir(path)


def _locate(place: str) -> tuple[Any, str]:
    """The file system of a place, and what it calls it."""
    if is_s3(place):
        return _open_s3(os.getpid(), s3_endpoint(), s3_region()), place.removeprefix(_S3).rstrip("/")
    return fs.LocalFileSystem(), str(Path(plain(place)).absolute())


@cache
def _open_s3(_: int, endpoint: str | None, region: str | None) -> fs.S3FileSystem:
    """One for each process: connections do not outlive a fork."""
    return fs.S3FileSystem(
        endpoint_override=endpoint,
        region=region,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


def _put(system: Any, path: str, content: bytes | pa.Buffer) -> None:
    with system.open_output_stream(path) as file:
        file.write(content)
