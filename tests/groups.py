"""Group tests for parallel workers: a worker runs a whole group, so what its tests share is started once.

A test file is a group. Files that use the same expensive session fixture are one group. Workers take the groups in the
order of the tests, the longest first, so that all workers end at about the same time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

# Fixtures that take long to start or to load, and that several files use.
SHARED = ("demo_run", "fab", "world", "grocer")
# Groups in the order in which they start, by the beginning of their names. The Airflow of `fab` uses a third of a core
# until its worker ends, so only the quick groups follow it, which the other worker runs meanwhile.
ORDER = (
    "tests/e2e/test_approval.py",
    "demo_run",
    "world",
    "tests/integration/test_backtest_agrees.py",
    "grocer",
    "tests/spark/",
    "tests/integration/",
    "fab",
    "",
)


def group_files(used: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return the group of each file, given the names of the fixtures that its tests use."""
    return {file: next((name for name in SHARED if name in names), file) for file, names in used.items()}


def sort_key(group: str) -> int:
    """Return the place of a group in the order of starting."""
    return next(place for place, begin in enumerate(ORDER) if group.startswith(begin))
