"""The landing zone, a folder or an S3 prefix: fetches raw files by name, with their size and checksum."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from contender.settings import Settings
from contender.specs.frozen import Frozen


class NotDelivered(Exception):  # noqa: N818 - a file that is late is no error of anybody here
    """The file is not in the landing zone (yet)."""


class RawFile(Frozen):
    """A raw file, copied out of the landing zone, so that what is judged cannot change under the judge."""

    name: str
    place: str
    copy_path: Path
    size: int
    digest: str


def fetch(settings: Settings, name: str, into: Path) -> RawFile:
    """Copy the file `name` out of the landing zone into a folder. Raises NotDelivered when it is not there."""
    # Flat, and of the whole name: two days whose files are called alike are kept apart.
    target = into / name.replace("/", "__")
    into.mkdir(parents=True, exist_ok=True)
    bring = _download if settings.landing.startswith("s3://") else _copy
    place = bring(settings, name, target)
    content = target.read_bytes()
    return RawFile(
        name=name, place=place, copy_path=target, size=len(content), digest=sha256(content).hexdigest()
    )


def _copy(settings: Settings, name: str, target: Path) -> str:
    source = Path(settings.landing) / name
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        raise NotDelivered(_not_delivered(name, settings.landing)) from None
    return str(source)


def _download(settings: Settings, name: str, target: Path) -> str:
    parts = urlsplit(settings.landing)
    prefix = parts.path.strip("/")
    key = f"{prefix}/{name}" if prefix else name
    try:
        _s3(settings).download_file(parts.netloc, key, str(target))
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
            raise NotDelivered(_not_delivered(name, settings.landing)) from None
        raise
    return f"s3://{parts.netloc}/{key}"


def _s3(settings: Settings) -> Any:
    return boto3.client("s3", endpoint_url=settings.landing_endpoint)


def _not_delivered(name: str, landing: str) -> str:
    return f"{name} is not in the landing zone {landing} yet: ask the source for it, or wait for the next try"
