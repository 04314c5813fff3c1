"""Name the place of an installation that a task could not write to, because its disk is full or read-only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from contender.incidents import DiskError
from contender.settings import Settings
from contender.urls import sqlite_path

_MB = 1_000_000


def explain_disk_error(error: DiskError, settings: Settings) -> str:
    """Return which place of an installation is full or read-only, and what to do, in one line.

    An error often does not name the file. Then the place is the fullest, or the one that is mounted read-only.
    """
    known = sorted({folder for folder in _local_places(settings) if folder.is_dir()})
    named = (
        [] if error.file is None else [each for each in Path(error.file).absolute().parents if each.is_dir()]
    )
    if error.state == "full":
        place = named[0] if named else min(known, key=_free_share)
        return f"{place} is full ({_describe_space(place)}): free some space, then clear the failed tasks"
    mounted = next((str(folder) for folder in (*named, *known) if _is_read_only(folder)), "a disk")
    return f"{mounted} is read-only: mount it writable, then clear the failed tasks"


def _describe_space(folder: Path) -> str:
    found = os.statvfs(folder)
    free, size = found.f_bavail * found.f_frsize / _MB, found.f_blocks * found.f_frsize / _MB
    return f"{free:.1f} of {size:.1f} MB are free"


def _local_places(settings: Settings) -> Iterator[Path]:
    """Yield the folders on this machine that tasks write to."""
    from contender.lake import places  # late: mails are composed without the lake

    stored = (settings.lake, settings.batches, settings.reports, settings.backups)
    yield from (Path(place) for place in stored if place and not places.is_s3(place))
    databases = (settings.lake_catalog, settings.records, settings.registry)
    yield from (path.parent for url in databases if (path := sqlite_path(url)) is not None)
    yield settings.home
    with suppress(FileNotFoundError):  # no folder for temporary files is writable
        yield Path(tempfile.gettempdir())


def _free_share(folder: Path) -> float:
    """Return the share of blocks, or of files if it is smaller, that a folder's disk has left."""
    found = os.statvfs(folder)
    counts = ((found.f_bavail, found.f_blocks), (found.f_favail, found.f_files))
    return min((free / total for free, total in counts if total), default=1.0)


def _is_read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
