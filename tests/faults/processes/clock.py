"""A clock that jumps, for all processes of an Airflow, by libfaketime. Monotonic clocks and times of files do not."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

CACHED = 1  # seconds until every process has seen a change
_PRELOADED = "vendor/libfaketime/src/libfaketime.so.1"  # in the package from PyPI


def find_library() -> Path | None:
    """Return the library that is loaded into every process, or None if libfaketime is not installed."""
    found = find_spec("libfaketime")
    library = None if found is None or found.origin is None else Path(found.origin).parent / _PRELOADED
    return library if library is not None and library.exists() else None


def variables(library: Path, clock: Path) -> dict[str, str]:
    """Return the variables of processes whose clock follows a file."""
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": str(CACHED),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "FAKETIME_SKIP_CMDS": "java",
        "NO_FAKE_STAT": "1",
    }


def set_clock(clock: Path, seconds: int) -> None:
    """Set the clock this many seconds ahead of the machine's."""
    beside = clock.with_suffix(".part")
    beside.write_text(f"{seconds:+d}\n")
    beside.replace(clock)
