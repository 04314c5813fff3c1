"""Files that workers share, in a folder or on S3. A place is a string: a path, or `s3://bucket/key`.

All shared files are opened by this module. Writes are atomic: one upload on S3, one rename in a folder.
Endpoint and credentials of S3 come from the standard AWS variables (`AWS_ENDPOINT_URL`, `AWS_REGION`, ...).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from contender.settings import s3_endpoint, s3_region
from contender.specs.frozen import Frozen

_S3 = "s3://"
_ATTEMPTS = 5
_CHUNK = 1 << 22
ROWS_OF_GROUP = 1 << 20  # of a Parquet file; another number would change the bytes of equal rows
_READERS = 8


class DamagedFileError(Exception):
    """A file does not have the expected content; the message names it and both checksums."""


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


def absolute(place: str) -> str:
    """Return a place as tables name it: an absolute path, or one on S3, without a slash at its end."""
    return place.rstrip("/") if is_s3(place) else str(Path(plain(place)).absolute())


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
    with draft(place) as path:
        path.write_bytes(content)
    return place


@contextmanager
def draft(place: str) -> Iterator[Path]:
    """Yield the path of a local file to write, which becomes the content of a place if the block raises nothing."""
    system, path = _locate(place)
    if is_s3(place):
        with TemporaryDirectory() as folder:
            written = Path(folder) / "draft"
            yield written
            _upload(system, written, path)
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    beside = Path(f"{path}.{uuid.uuid4().hex}.part")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def copy(source: str, target: str) -> str:
    """Copy a file, without holding it in memory, and return the target."""
    if is_s3(source) and is_s3(target):
        system, path = _locate(source)
        system.copy_file(path, _locate(target)[1])
        return target
    with draft(target) as drafted, open_file(source) as content, drafted.open("wb") as written:
        shutil.copyfileobj(content, written, _CHUNK)
    return target


def copy_and_digest(source: str, target: str, expected: str | None = None) -> str:
    """Copy a file and return the SHA-256 of its bytes.

    Raises DamagedFileError, without writing the target, if the file has another SHA-256 than the expected one.
    """
    digest = hashlib.sha256()
    with draft(target) as drafted:
        with open_file(source) as content, drafted.open("wb") as written:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
                written.write(chunk)
        check_digest(source, digest.hexdigest(), expected)
    return digest.hexdigest()


def digest(place: str) -> str:
    """Return the SHA-256 of a file's bytes, without holding them in memory."""
    found = hashlib.sha256()
    with open_file(place) as content:
        while chunk := content.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def check_digest(place: str, found: str, expected: str | None) -> None:
    """Raise DamagedFileError if the SHA-256 of a file is not the expected one; None expects nothing."""
    if expected is not None and found != expected:
        raise DamagedFileError(f"{place} is damaged: its SHA-256 is {found}, not {expected}")


def read_rows(place: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read the rows of a Parquet file."""
    with open_file(place) as file:
        # On S3, the parts of the file are fetched in few requests; on a disk this costs more than it saves.
        opened = pq.ParquetFile(file, pre_buffer=is_s3(place))
        return opened.read(columns=None if columns is None else list(columns), use_threads=False)


def read_all(files: Iterable[str], columns: Sequence[str]) -> list[pa.Table]:
    """Read columns of several Parquet files, some at the same time, and return their rows in the order of the files."""
    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(lambda file: read_rows(file, columns), files))


def write_rows(rows: pa.Table, place: str) -> str:
    """Write rows as Parquet and return the SHA-256 of the bytes; equal rows give equal bytes."""
    return write_tables([rows], rows.schema, place)


def write_tables(tables: Iterable[pa.Table], schema: pa.Schema, place: str) -> str:
    """Write the rows of several tables as one Parquet file, as `write_rows` does.

    Each table but the last must have ROWS_OF_GROUP rows, so that the bytes do not depend on how rows were cut.
    """
    with draft(place) as path:
        with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
            for table in tables:
                writer.write_table(table, row_group_size=ROWS_OF_GROUP)
        with path.open("rb") as written:
            return hashlib.file_digest(written, "sha256").hexdigest()


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
        # Otherwise, the whole content of an upload would be copied into memory.
        background_writes=False,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


def _upload(system: Any, file: Path, path: str) -> None:
    """Upload a local file by one call: a stream that is closed after an error would leave a part of it."""
    with system.open_output_stream(path) as stream:
        if file.stat().st_size:
            with pa.memory_map(str(file)) as content:
                stream.write(content.read_buffer())
