"""Errors of a full or read-only disk, whichever library reports them."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from typing import Literal

from contender.specs.frozen import Frozen

DiskState = Literal["full", "read-only"]

_NUMBERS: Mapping[int | None, DiskState] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read-only",
}
# Of libraries that report the error as text: SQLite, DuckDB, Spark.
_TEXTS: Mapping[str, DiskState] = {
    "no space left on device": "full",
    "disk quota exceeded": "full",
    "database or disk is full": "full",
    "read-only file system": "read-only",
    "attempt to write a readonly database": "read-only",
}


class DiskError(Frozen):
    """A write that failed because its disk is full or read-only; `file` if the error names it."""

    state: DiskState
    file: str | None = None

    @property
    def fingerprint(self) -> str:
        """A text that is equal for errors with the same cause."""
        return f"disk {self.state}"


DISK_FINGERPRINTS = frozenset({DiskError(state="full").fingerprint, DiskError(state="read-only").fingerprint})


def find_disk_error(error: BaseException | str | None) -> DiskError | None:
    """Return what is wrong with a disk if that caused an error, otherwise None."""
    for one in chain(error) if isinstance(error, BaseException) else ():
        state = _NUMBERS.get(one.errno) if isinstance(one, OSError) else None
        said = str(one).lower()
        state = state or next((found for text, found in _TEXTS.items() if text in said), None)
        if state is not None:
            file = getattr(one, "filename", None)
            return DiskError(state=state, file=file if isinstance(file, str) else None)
    return None


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and the errors that it was raised from, the first cause last."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
