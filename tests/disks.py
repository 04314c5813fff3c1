"""A small disk in memory, mounted on a folder, that a test can fill or make read-only. Mounts need root."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_FILLING = "filling"
_CHUNKS = (1 << 20, 1 << 12, 1)


class NotPermittedError(Exception):
    """Mounts are not permitted on this machine; the message contains the answer of `mount`."""


@dataclass(frozen=True)
class Disk:
    """A mounted disk."""

    folder: Path

    def fill(self) -> None:
        """Write a file until no byte is free."""
        with (self.folder / _FILLING).open("ab", buffering=0) as file:
            for size in _CHUNKS:
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def make_read_only(self) -> None:
        """Refuse every write, also to files that are open."""
        _call("mount", "-o", "remount,bind,ro", str(self.folder))

    def mend(self) -> None:
        """Make the disk writable, and free what `fill` has taken."""
        _call("mount", "-o", "remount,bind,rw", str(self.folder))
        (self.folder / _FILLING).unlink(missing_ok=True)


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a disk on a folder, which is created. Raises NotPermittedError."""
    folder.mkdir(parents=True, exist_ok=True)
    _call("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "contender-tests", str(folder))
    try:
        yield Disk(folder)
    finally:
        _call("umount", "--lazy", str(folder))


def find_obstacle() -> str:
    """Return why this machine cannot mount disks; empty if it can."""
    with TemporaryDirectory() as folder:
        try:
            with mounted(Path(folder) / "disk", 1):
                return ""
        except NotPermittedError as error:
            return str(error)


def _call(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NotPermittedError(f"disks cannot be mounted here: {error}") from None
    if done.returncode:
        raise NotPermittedError(f"disks cannot be mounted here: {done.stderr.strip()}")
