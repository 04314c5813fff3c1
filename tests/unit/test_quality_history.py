"""The heat map of a table's checks: what failed by day, each bar with a link, and the same as a table behind it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from contender.catalogue import describe_quality, draw_quality
from contender.catalogue.quality import MOST_CHECKS, READING, list_checks
from contender.charts import Mark, draw_grid
from contender.records import Defect, ExpectationResult, GateResult
from contender.specs import Days
from tests.unit.test_charts import labels
from tests.unit.test_page_rendering import text_of

FIRST = datetime(2013, 9, 1, 4, tzinfo=UTC)


def result(name: str, verdict: str = "pass", observed: str = "passed") -> ExpectationResult:
    return ExpectationResult(expectation=name, verdict=verdict, observed=observed)


def batch(nth: int, *results: ExpectationResult, **changes: object) -> GateResult:
    verdicts = {one.verdict for one in results}
    values: dict[str, object] = {
        "id": f"gate {nth}",
        "table": "datasets.sales",
        "owner": "o",
        "days": Days.one((FIRST + timedelta(days=nth)).date()),
        "run": "r",
        "verdict": next((one for one in ("fail", "warn") if one in verdicts), "pass"),
        "rows": 7,
        "fingerprint": "f",
        "expectations": results,
        "at": FIRST + timedelta(days=nth),
    }
    return GateResult.model_validate(values | changes)


HISTORY = [
    batch(0, result("unique"), result("old check")),
    batch(1, result("unique", "fail", "2 of 7 rows"), result("few rows", "warn", "7 rows")),
    batch(2, result("unique"), result("few rows"), result("volume", observed="not checked: only 2 days")),
]


def address(gate: str) -> str:
    return f"/contender/gates/{gate}"


def test_the_checks_that_failed_come_first_and_those_of_older_contracts_last():
    assert [check.name for check in list_checks(HISTORY)] == ["unique", "few rows", "volume", "old check"]


def test_a_check_has_a_result_for_each_batch_or_none():
    (check,) = [one for one in list_checks(HISTORY) if one.name == "few rows"]
    assert [one and one.verdict for one in check.results] == [None, "warn", "pass"]


def test_defects_of_a_delivery_are_a_check():
    defect = Defect(what="no column shop", where="sales.csv", way_out="add it")
    checks = list_checks([*HISTORY, batch(3, defects=(defect,), verdict="fail")])
    assert (checks[0].name, checks[0].results[-1].observed) == (READING, "no column shop")
    assert READING not in [check.name for check in list_checks(HISTORY)]


def test_a_sentence_says_how_many_batches_passed_and_which_failed():
    assert describe_quality(HISTORY) == "Of the newest 3 batches, 2 passed, 1 failed. Failed: 2013-09-02."
    failed = [batch(nth, result("unique", "fail")) for nth in range(5)]
    assert describe_quality(failed).endswith("Failed: 2013-09-05, 2013-09-04, 2013-09-03 and 2 more.")
    assert describe_quality([]) == "No batch has been checked yet."


def test_every_bar_links_to_its_gate_and_says_what_it_is():
    html = draw_quality(HISTORY, address)
    found = re.findall(r'<a href="([^"]+)" tabindex="-1" aria-label="([^"]+)">', html)
    assert len(found) == 4 * 3
    assert ("/contender/gates/gate 1", "2013-09-02: unique: failed") in found
    assert ("/contender/gates/gate 2", "2013-09-03: volume: not checked") in found


def test_the_height_of_a_bar_says_the_same_as_its_colour():
    html = draw_quality(HISTORY, address)
    bars = re.findall(r'height="([\d.]+)" fill="var\(--(\w+), [^>]+><title>[^<]+: ([\w ]+)</title>', html)
    assert len({height for height, _, _ in bars}) == 4
    assert {(tone, name) for _, tone, name in bars} == {
        ("good", "passed"),
        ("warn", "warned"),
        ("bad", "failed"),
        ("faint", "not checked"),
    }


def test_the_table_behind_has_the_same_links_the_newest_day_first():
    html = draw_quality(HISTORY, address)
    behind = html[html.index("<tbody" if "<tbody" in html else "</thead>") :]
    assert re.findall(r'<th scope="row"><a href="/contender/gates/(gate \d)">', behind) == [
        "gate 2",
        "gate 1",
        "gate 0",
    ]
    assert "unique: 2 of 7 rows; few rows: 7 rows" in unescape(text_of(behind))


def test_many_checks_are_reduced_to_those_that_failed_most():
    many = [result(f"check {nth}", "fail" if nth == 70 else "pass") for nth in range(80)]
    html = draw_quality([batch(0, *many)], address)
    assert f"{MOST_CHECKS} of 80, those that failed most first" in html
    assert "check 70" in html
    assert "check 69" not in html


def test_a_table_without_a_batch_has_no_heat_map():
    assert draw_quality([], address) == ""
    assert draw_grid("checks", [], {}) == "<p>checks: no data.</p>"


marks = st.builds(Mark, labels, st.none() | st.integers(0, 2), labels)


@given(labels, st.integers(1, 70), st.dictionaries(labels, marks, min_size=1, max_size=5))
def test_any_labels_give_valid_svg_within_the_canvas(title, columns, rows):
    days = [str(nth) for nth in range(columns)]
    root = ElementTree.fromstring(
        draw_grid(title, days, {name: [mark] * columns for name, mark in rows.items()})
    )
    width, height = (float(part) for part in root.get("viewBox").split()[2:])
    bars = [one for one in root.iter() if one.tag.endswith("rect")][1:]
    assert len(bars) == columns * len(rows)
    assert all(float(bar.get("x")) + float(bar.get("width")) <= width for bar in bars)
    assert all(0 <= float(bar.get("y")) + float(bar.get("height")) <= height for bar in bars)
