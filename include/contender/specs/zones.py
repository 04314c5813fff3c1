"""The type of time zones in contracts."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as Europe
        raise ValueError(
            f"{name!r} is not a time zone: write an IANA name such as 'Europe/Berlin', or 'UTC'"
        ) from None
    return name


Zone = Annotated[str, AfterValidator(_known)]
