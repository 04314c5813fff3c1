"""Branches of `except` that no test executes are found."""

from __future__ import annotations

import json

from contender.settings import PROJECT
from scripts.unexecuted_handlers import find_unexecuted, list_unexecuted

SOURCE = """
try:
    read()
except OSError:
    report(
        "down",
    )
except ValueError:
    raise
"""


def test_a_handler_is_executed_if_a_line_of_its_body_is():
    assert find_unexecuted(SOURCE, {2, 3, 4, 6}) == [8]


def test_a_handler_that_was_only_compared_with_the_exception_is_not_executed():
    assert find_unexecuted(SOURCE, {2, 3, 4, 8}) == [4, 8]


def test_only_handlers_of_the_engine_are_listed(tmp_path):
    report = tmp_path / "coverage.json"
    files = ("include/contender/creation.py", "include/contender/landing.py", "plugins/alerts.py")
    report.write_text(json.dumps({"files": {file: {"executed_lines": []} for file in files}}))
    listed = list(list_unexecuted(report))
    assert listed
    assert {place.rpartition(":")[0] for place in listed} == {"include/contender/landing.py"}
    assert all((PROJECT / place.rpartition(":")[0]).is_file() for place in listed)
