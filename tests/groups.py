"""Share tests between parallel workers: a worker runs a whole group, so what its tests share is started once.

A test file is a group, and files that share an expensive session fixture are one group. Workers take groups in the
order of the tests, the longest first, so that all workers end at about the same time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

# The files that use a session fixture that takes long to start or to load.
SHARED: Mapping[str, tuple[str, ...]] = {
    "demo_run": ("tests/e2e/test_nights.py", "tests/e2e/test_pages.py"),
    "fab": (
        "tests/access/test_access_drift.py",
        "tests/access/test_access_links.py",
        "tests/access/test_access_matrix.py",
        "tests/access/test_access_ui.py",
        "tests/access/test_secrets.py",
    ),
    "grocer": (
        "tests/integration/test_clean_year.py",
        "tests/integration/test_groceries_year.py",
        "tests/integration/test_late_labels.py",
    ),
    "world": (
        "tests/spark/test_leak_check.py",
        "tests/spark/test_leakage.py",
        "tests/spark/test_parity.py",
    ),
}
# Groups in the order in which they start, by the beginning of their names. Groups with an Airflow, which waits about as
# often as it computes, start between groups that only compute, so that few Airflows run at once. `demo_run` comes after
# the other groups of its folder: its Airflow stops when the worker goes on to another folder.
ORDER = (
    "tests/e2e/test_tutorial.py",
    "tests/integration/test_backtest_agrees.py",
    "grocer",
    "tests/e2e/test_approval.py",
    "world",
    "demo_run",
    "tests/dags/test_tasks.py",
    "tests/faults/",
    "tests/spark/",
    "fab",
    "tests/bad_deliveries/",
    "tests/integration/",
    "",
)


def find_group(test: str) -> str:
    """Return the group of a test, given its node id or its file."""
    file = test.partition("::")[0]
    return next((name for name, files in SHARED.items() if file in files), file)


def find_place(test: str) -> int:
    """Return the place of a test's group in the order of starting."""
    group = find_group(test)
    return next(place for place, begin in enumerate(ORDER) if group.startswith(begin))


def find_unlisted(test: str, fixtures: Collection[str]) -> str | None:
    """Return the fixture of SHARED that a test uses although its file is not listed there, if any."""
    return next((name for name in SHARED if name in fixtures and find_group(test) != name), None)
