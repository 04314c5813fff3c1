"""What the commands that run past nights or many fits share: progress, checked names, and the place of a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from contender.cli.exit_codes import UsageError

if TYPE_CHECKING:
    from rich.progress import Progress


def show_progress(unit: str) -> Progress:
    """Return the progress of nights, fits or other units, on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def check_known(what: str, given: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the given names once each. Raises UsageError if one is unknown."""
    for name in given:
        if name not in known:
            raise UsageError(f"{what} {name}: unknown; give one of {', '.join(known)}")
    return list(dict.fromkeys(given))


def report_place(option: str, given: Path | None, folder: str, name: str) -> str:
    """Return the given place of a report, or `name` in the reports folder. Raises UsageError for a folder."""
    from contender.lake import places

    if given is None:
        return places.below(folder, name)
    if given.is_dir():
        raise UsageError(f"{option} {given}: is a folder: give a file in it, such as {given / name}")
    return str(given)


def write_report(option: str, page: str, place: str) -> None:
    """Write a report. Raises UsageError if it cannot be written there."""
    from contender.lake import places

    try:
        places.write(place, page.encode())
    except OSError as error:
        raise UsageError(
            f"{option} {place}: cannot be written ({error.strerror or error}): give another file"
        ) from None
