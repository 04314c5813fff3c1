"""The landing zone, a folder or an S3 prefix: fetch raw files by name, with their size and checksum."""

from __future__ import annotations

import glob
import re
import shutil
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from contender.errors import PermanentError
from contender.settings import Settings
from contender.specs.frozen import Frozen


class NotDelivered(Exception):  # noqa: N818 - a late file is not an error
    """The file is not in the landing zone (yet)."""


class LandingError(PermanentError):
    """The file exists but must not or cannot be read; the message says what to do."""


class MissingFiles(LandingError):  # noqa: N818 - the file names are the message
    """Files of past days of a range are missing, which waiting does not bring; the message names every day."""


class RawFile(Frozen):
    """A raw file, copied out of the landing zone so that it cannot change while it is checked."""

    name: str
    place: str
    copy_path: Path
    size: int
    digest: str


def find_files(settings: Settings, pattern: str) -> tuple[str, ...]:
    """Return the names in the landing zone that match a path in which `*` stands for a part of a name, sorted.

    A `*` at the beginning of a name matches no name that begins with `.` or `_`, such as `_SUCCESS` or a file that is
    still being uploaded. Folders are left out. Raises LandingError if the landing zone must not be listed.
    """
    listed = _list_s3 if settings.landing.startswith("s3://") else _list_folder
    fits = re.compile("/".join(map(_pattern_of_name, pattern.split("/"))))
    return tuple(sorted(name for name in listed(settings, pattern) if fits.fullmatch(name)))


def _pattern_of_name(part: str) -> str:
    hidden = "(?![._])" if part.startswith("*") else ""
    return hidden + "[^/]*".join(map(re.escape, part.split("*")))


def _list_folder(settings: Settings, pattern: str) -> list[str]:
    home = Path(settings.landing).resolve()
    escaped = "*".join(map(glob.escape, pattern.split("*")))
    return [found.relative_to(home).as_posix() for found in home.glob(escaped) if not found.is_dir()]


def _list_s3(settings: Settings, pattern: str) -> list[str]:
    parts = urlsplit(settings.landing)
    prefix = parts.path.strip("/")
    above = f"{prefix}/" if prefix else ""
    begin = above + pattern.partition("*")[0]
    try:
        pages = _s3(settings).get_paginator("list_objects_v2").paginate(Bucket=parts.netloc, Prefix=begin)
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
    except ClientError as error:
        if error.response["Error"]["Code"] in {"403", "AccessDenied"}:
            raise LandingError(
                f"{settings.landing} cannot be listed: allow s3:ListBucket on its bucket"
            ) from None
        raise
    return [key.removeprefix(above) for key in keys if not key.endswith("/")]


def fetch_all(settings: Settings, pattern: str, into: Path, *, limit: int) -> tuple[RawFile, ...]:
    """Copy the file of this name, or all files that match a path with `*`, in the order of their names.

    `limit` is the most bytes of each file. Raises what `fetch` raises, and NotDelivered if no file matches or if others
    arrive in the meantime.
    """
    if "*" not in pattern:
        return (fetch(settings, pattern, into, limit=limit),)
    names = find_files(settings, pattern)
    if not names:
        raise NotDelivered(
            f"no file in the landing zone {settings.landing} matches {pattern} yet: ask the source for it, or wait for "
            "the next try"
        )
    found = tuple(fetch(settings, name, into, limit=limit) for name in names)
    if find_files(settings, pattern) != names:
        raise NotDelivered(f"files of {pattern} are still arriving: they are read when no more arrive")
    return found


def fetch(settings: Settings, name: str, into: Path, *, limit: int) -> RawFile:
    """Copy the file `name` out of the landing zone into a folder.

    Raises NotDelivered if it is missing or changes while it is copied, and LandingError if it is larger than `limit`
    bytes, not a regular file, outside the landing zone, or not readable.
    """
    # The full path in one name, since files of different days may have the same name.
    target = into / name.replace("/", "__")
    into.mkdir(parents=True, exist_ok=True)
    bring = _download if settings.landing.startswith("s3://") else _copy
    place = bring(settings, name, target, limit)
    return describe_file(target, name, place)


def describe_file(path: Path, name: str, place: str) -> RawFile:
    """Return a local file as the raw file `name`. Raises OSError if it cannot be read."""
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return RawFile(
        name=name, place=place, copy_path=path, size=path.stat().st_size, digest=digest.hexdigest()
    )


def _copy(settings: Settings, name: str, target: Path, limit: int) -> str:
    home = Path(settings.landing).resolve()
    source = home / name
    try:
        if not source.resolve().is_relative_to(home):
            raise LandingError(f"{name} is outside the landing zone {home}: deliver a file, not a link")
        before = source.stat()
        if not S_ISREG(before.st_mode):
            raise LandingError(f"{name} in the landing zone {home} is not a regular file: deliver a file")
        _check_size(name, before.st_size, limit)
        shutil.copyfile(source, target)
        after = source.stat()
    except FileNotFoundError:
        raise NotDelivered(_not_delivered(name, settings.landing)) from None
    except PermissionError:
        raise LandingError(f"{name} cannot be read: give the Airflow user permission to read it") from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise NotDelivered(f"{name} is still being written: it is read when it no longer changes")
    return str(source)


def _check_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise LandingError(
            f"{name} has {size:,} bytes, more than its contract allows ({limit:,}): "
            "check the file, or raise `max_bytes` in the contract's delivery"
        )


def _download(settings: Settings, name: str, target: Path, limit: int) -> str:
    parts = urlsplit(settings.landing)
    prefix = parts.path.strip("/")
    key = f"{prefix}/{name}" if prefix else name
    try:
        client = _s3(settings)
        found = client.head_object(Bucket=parts.netloc, Key=key)
        _check_size(name, found["ContentLength"], limit)
        # A versioned bucket returns exactly this version; otherwise the second request detects a change.
        version = {"VersionId": found["VersionId"]} if "VersionId" in found else {}
        client.download_file(parts.netloc, key, str(target), ExtraArgs={"ChecksumMode": "ENABLED", **version})
        after = client.head_object(Bucket=parts.netloc, Key=key)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"404", "NoSuchKey"}:
            raise NotDelivered(_not_delivered(name, settings.landing)) from None
        if code in {"403", "AccessDenied"}:
            raise LandingError(f"{name} cannot be read: allow s3:GetObject on {settings.landing}") from None
        raise
    if found["ETag"] != after["ETag"]:
        raise NotDelivered(f"{name} is still being written: it is read when it no longer changes")
    return f"s3://{parts.netloc}/{key}"


def _s3(settings: Settings) -> Any:
    patient = Config(retries={"mode": "standard", "max_attempts": 5})
    return boto3.client("s3", endpoint_url=settings.landing_endpoint, config=patient)


def _not_delivered(name: str, landing: str) -> str:
    return f"{name} is not in the landing zone {landing} yet: ask the source for it, or wait for the next try"
