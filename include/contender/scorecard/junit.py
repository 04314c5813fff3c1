"""Read files of test results in the format of JUnit, as `pytest --junitxml` writes it."""

from __future__ import annotations

from datetime import datetime
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from contender.scorecard.evidence import TestRun


def read_test_run(file: str, content: bytes) -> TestRun | None:
    """Return the modules that passed and failed, or None if the file is not such a file.

    A module passes if at least one of its tests passed and none failed.
    """
    try:
        root = fromstring(content)
        suite = next(root.iter("testsuite"))
        day = datetime.fromisoformat(suite.get("timestamp", "")).date()
    except (ParseError, DefusedXmlException, StopIteration, ValueError):
        return None
    passed, failed = set(), set()
    for case in root.iter("testcase"):
        modules = [part for part in case.get("classname", "").split(".") if part.startswith("test_")]
        if not modules:
            continue
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(modules[0])
        elif case.find("skipped") is None:
            passed.add(modules[0])
    return TestRun(file=file, day=day, passed=tuple(sorted(passed - failed)), failed=tuple(sorted(failed)))
