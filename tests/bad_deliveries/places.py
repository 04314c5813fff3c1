"""Bad deliveries that do not depend on content: the state of the landing zone before or during reading."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bad_deliveries.kinds import Outcome

Arrange = Callable[[Path, pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Place:
    """What is done to the landed file of `departures`, and what must come of it."""

    name: str
    what: str
    arrange: Arrange
    outcome: Outcome
    told: tuple[str, ...]


PLACES: list[Place] = []


def place(outcome: Outcome, *told: str) -> Callable[[Arrange], Arrange]:
    """Enter a function into the corpus, under its name and docstring."""

    def enter(arrange: Arrange) -> Arrange:
        what = (arrange.__doc__ or "").rstrip(".")
        PLACES.append(Place(arrange.__name__, what, arrange, outcome, told))
        return arrange

    return enter


@place("waits", "is not in the landing zone", "wait for the next try")
def late(file: Path, patch: pytest.MonkeyPatch) -> None:
    """No file yet."""
    file.unlink()


@place("waits", "is not in the landing zone")
def named_otherwise(file: Path, patch: pytest.MonkeyPatch) -> None:
    """The file under another name."""
    file.rename(file.with_name("2013-9-2.csv"))


@place("waits", "still being written")
def grows_while_it_is_read(file: Path, patch: pytest.MonkeyPatch) -> None:
    """The source still writes while it is copied."""
    copy = shutil.copyfile

    def copy_while_growing(source: str | Path, target: str | Path) -> object:
        done = copy(source, target)
        with Path(source).open("a") as more:
            more.write("2013-09-02,")
        return done

    patch.setattr("contender.landing.shutil.copyfile", copy_while_growing)


@place("waits", "is not in the landing zone")
def disappears_before_it_is_read(file: Path, patch: pytest.MonkeyPatch) -> None:
    """Listed, then gone."""

    def vanish(source: str | Path, target: str | Path) -> object:
        Path(source).unlink()
        raise FileNotFoundError(source)

    patch.setattr("contender.landing.shutil.copyfile", vanish)


@place("refused", "cannot be read", "permission to read it")
def no_permission(file: Path, patch: pytest.MonkeyPatch) -> None:
    """A file that only its source may read."""
    file.chmod(0)
    if os.geteuid() == 0:  # root may read everything: the system call's answer is given in its stead

        def refuse(source: str | Path, target: str | Path) -> object:
            raise PermissionError(13, "Permission denied", str(source))

        patch.setattr("contender.landing.shutil.copyfile", refuse)


@place("refused", "is outside the landing zone")
def path_traversal(file: Path, patch: pytest.MonkeyPatch) -> None:
    """A link that leads to a file elsewhere on the machine."""
    file.unlink()
    file.symlink_to("/etc/passwd")


@place("refused", "is not a regular file")
def a_folder(file: Path, patch: pytest.MonkeyPatch) -> None:
    """A folder under the file's name."""
    file.unlink()
    file.mkdir()


@place("refused", "more than its contract allows", "max_bytes")
def too_large(file: Path, patch: pytest.MonkeyPatch) -> None:
    """Two gigabytes, most of it a hole: refused before it is read."""
    os.truncate(file, 2 << 30)
