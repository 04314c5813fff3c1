"""Read the lake where it can be reached: the check of incidents must go on when it cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from contender.errors import PermanentError
from contender.records import DatabaseError

T = TypeVar("T")

log = logging.getLogger(__name__)


def read_or(read: Callable[[], T], otherwise: T) -> T:
    """Return what is read from the lake, or `otherwise` while its catalogue or files cannot be reached."""
    try:
        return read()
    except (OSError, DatabaseError, PermanentError) as error:
        log.warning("The check goes on without the lake, which cannot be read: %s", error)
        return otherwise
