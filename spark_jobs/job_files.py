"""Files of a job: a place is a path or `s3://bucket/key`, with S3's settings in the standard AWS variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

S3 = "s3://"


def for_spark(place: str) -> str:
    """Return a place as Hadoop's file systems expect it, with `s3a://`."""
    return place.replace(S3, "s3a://", 1)


def open_s3() -> Any:
    """Open S3 with Arrow."""
    from pyarrow.fs import S3FileSystem

    variables = os.environ
    return S3FileSystem(
        endpoint_override=variables.get("AWS_ENDPOINT_URL_S3") or variables.get("AWS_ENDPOINT_URL"),
        region=variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION"),
    )


def read_text(place: str) -> str:
    """Read a text file."""
    if not place.startswith(S3):
        return Path(place).read_text()
    with open_s3().open_input_stream(place.removeprefix(S3)) as file:
        return str(file.read(), "utf-8")


def exists(place: str) -> bool:
    """Return whether a file exists."""
    if not place.startswith(S3):
        return Path(place).exists()
    return bool(open_s3().get_file_info(place.removeprefix(S3)).is_file)


def put(content: bytes, place: str) -> None:
    """Write a file, whole or not at all, replacing that of an earlier attempt."""
    if place.startswith(S3):
        with open_s3().open_output_stream(place.removeprefix(S3)) as target:
            target.write(content)
        return
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    draft = Path(f"{place}.{os.getpid()}.part")
    draft.write_bytes(content)
    draft.replace(place)
