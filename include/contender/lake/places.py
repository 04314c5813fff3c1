"""Files that workers share, in a folder or on S3. A place is a string: a path, or `s3://bucket/key`.

All shared files are opened by this module. Writes are atomic: one upload on S3, one rename in a folder.
Endpoint and credentials of S3 come from the standard AWS variables (`AWS_ENDPOINT_URL`, `AWS_REGION`, ...).
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
    """An existing file."""

    place: str
    size: int
    since: datetime


def is_s3(place: str) -> bool:
    """Return whether a place is on S3."""
    return place.startswith(_S3)


def plain(place: str) -> str:
    """Return a place without the prefix `file://`."""
    return place.removeprefix("file://")


def below(place: str, *parts: object) -> str:
    """Append names to a place."""
    return "/".join([place.rstrip("/"), *map(str, parts)])


def for_spark(place: str) -> str:
    """Return a place as Hadoop's file systems expect it, with `s3a://`."""
    return place.replace(_S3, "s3a://", 1) if is_s3(place) else place


def name_of(place: str) -> str:
    """Return the last part of a place."""
    return place.rsplit("/", 1)[-1]


def exists(place: str) -> bool:
    """Return whether a file exists."""
    system, path = _locate(place)
    return bool(system.get_file_info(path).type == fs.FileType.File)


def files(place: str, *, suffix: str = "") -> list[Found]:
    """Return all files below a place, sorted, optionally only those with a suffix."""
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
    """Open a file for random-access reading. Raises FileNotFoundError if it does not exist."""
    system, path = _locate(place)
    return system.open_input_file(path)


def read(place: str) -> bytes:
    """Return the content of a file. Raises FileNotFoundError if it does not exist."""
    with open_file(place) as file:
        content: bytes = file.read()
    return content


def write(place: str, content: bytes | pa.Buffer) -> str:
    """Write a file, replacing an existing one, and return its place."""
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
    """Copy a file and return the target."""
    return write(target, read(source))


def read_rows(place: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read the rows of a Parquet file."""
    with open_file(place) as file:
        return pq.ParquetFile(file).read(columns=None if columns is None else list(columns))


def write_rows(rows: pa.Table, place: str) -> pa.Buffer:
    """Write rows as Parquet and return the bytes; equal rows give equal bytes."""
    content = pa.BufferOutputStream()
    pq.write_table(rows, content, compression="zstd", store_schema=False)
    written = content.getvalue()
    write(place, written)
    return written


def remove(place: str) -> None:
    """Remove a file if it exists."""
    system, path = _locate(place)
    with suppress(FileNotFoundError):
        system.delete_file(path)


def remove_below(place: str) -> None:
    """Remove a folder and everything in it, if it exists."""
    system, path = _locate(place)
    with suppress(FileNotFoundError):
        system.delete_dir(path)


def _locate(place: str) -> tuple[Any, str]:
    """Return the file system of a place, and the path in it."""
    if is_s3(place):
        return _open_s3(os.getpid(), s3_endpoint(), s3_region()), place.removeprefix(_S3).rstrip("/")
    return fs.LocalFileSystem(), str(Path(plain(place)).absolute())


@cache
def _open_s3(_: int, endpoint: str | None, region: str | None) -> fs.S3FileSystem:
    """Open S3 once for each process, because connections do not survive a fork."""
    return fs.S3FileSystem(
        endpoint_override=endpoint,
        region=region,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


def _put(system: Any, path: str, content: bytes | pa.Buffer) -> None:
    with system.open_output_stream(path) as file:
        file.write(content)
