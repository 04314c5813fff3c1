"""Pages escape data, use no scripts, and show verdicts by more than colour."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from catalogue_pages import MAX_DRAWN, show_overview, show_table
from contender.catalogue import (
    Catalogue,
    ColumnHistory,
    Edge,
    Entry,
    ExpectationEntry,
    Freshness,
    GateSummary,
    draw,
)
from contender.catalogue.columns import ColumnDay
from contender.lake import Snapshot
from contender.records import Defect, ExpectationResult, GateResult
from contender.specs import Column, Days
from page_rendering import page

EVIL = "<script>alert('x')</script>\" onload=\"x"
AT = datetime(2013, 9, 3, tzinfo=UTC)


GATE = GateResult(
    id=EVIL,
    table="datasets.sales",
    owner=EVIL,
    days=Days.one("2013-09-02"),
    run="r",
    verdict="fail",
    rows=2,
    fingerprint="f",
    expectations=(ExpectationResult(expectation=EVIL, verdict="fail", observed=EVIL),),
    defects=(Defect(what=EVIL, where="sales.csv", way_out="out"),),
    at=AT,
)


HISTORY = ColumnHistory(
    column=Column(name="shop", type="string", unit=EVIL, description=EVIL),
    days=(ColumnDay(day=AT.date(), rows=2, missing=0.5, values=2, new=(EVIL,)),),
)


def entry(**changes: object) -> Entry:
    values: dict[str, object] = {
        "table": "datasets.sales",
        "owner": EVIL,
        "description": EVIL,
        "dag": "ingest__sales",
        "daily": True,
        "columns": (Column(name="shop", type="string", unit=EVIL, pii=True, description=EVIL),),
        "primary_key": ("shop",),
        "expectations": (ExpectationEntry(text=EVIL, severity="warn"),),
        "freshness": Freshness(
            cron=None, grace_hours=None, last_good_day=None, expected_day=None, due=None, overdue=False
        ),
        "gates": (
            GateSummary(gate=EVIL, days="2013-09-02", verdict="fail", rows=2, broken=(EVIL,), at=AT),
            GateSummary(gate="g", days="2013-09-01", verdict="pass", rows=1, broken=(), at=AT),
        ),
        "upstream": (EVIL,),
        "downstream": ("features.churn",),
        "snapshots": (Snapshot(id=1, at=AT, days=1, rows=1),),
    }
    return Entry.model_validate(values | changes)


class Seen(HTMLParser):
    """The tags and attributes that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def text_of(html: str) -> str:
    """Return a page without its tags."""
    return re.sub(r"<[^>]+>", "", html)


@pytest.fixture
def drawing():
    return draw(["datasets.sales", EVIL], [Edge(source="datasets.sales", target=EVIL)])


@pytest.fixture(params=["table", "catalogue"])
def html(request, drawing):
    if request.param == "table":
        return show_table(entry(), drawing, (GATE,), [HISTORY], {EVIL: EVIL}).body.decode()
    found = Catalogue(entries=(entry(),), lineage=(Edge(source="datasets.sales", target=EVIL),))
    return show_overview(found, hidden=1, sought=EVIL).body.decode()


def test_data_is_escaped(html):
    seen = Seen(html)
    assert "script" not in seen.tags
    assert not [name for name in seen.attributes if name.startswith("on")]


def test_pages_load_no_other_file(html):
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)
    assert "@import" not in html


def test_pages_forbid_scripts():
    policy = page("refusal.html", http_status=403, message=EVIL).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


def test_a_strip_shows_gates_from_the_oldest_to_the_newest_by_height_and_as_text():
    html = show_overview(Catalogue(entries=(entry(),), lineage=()), hidden=0).body.decode()
    strip = html[html.index('<svg class="strip"') :]
    assert 'aria-label="The last 2 gates, oldest first: pass, fail"' in strip
    assert re.findall(r'rect class="(\w+)" x="(\d+)"', strip) == [("pass", "0"), ("fail", "9")]
    assert len(set(re.findall(r'width="7" height="(\d+)"', strip))) == 2


def test_the_page_of_an_overdue_table_says_so(drawing):
    late = Freshness(
        cron="0 7 * * *", grace_hours=4, last_good_day=None, expected_day=AT.date(), due=AT, overdue=True
    )
    text = text_of(show_table(entry(freshness=late, gates=()), drawing, (), [], {}).body.decode())
    assert "Not healthy: 2013-09-03 has been overdue since 2013-09-03 00:00 UTC." in text


def test_a_table_before_its_first_day_has_a_page(drawing):
    html = show_table(entry(gates=(), snapshots=()), drawing, (), [], {}).body.decode()
    assert "No batch has been checked yet." in html
    assert "Nothing published yet." in html


def test_an_overview_with_too_many_tables_has_no_drawing():
    entries = tuple(entry(table=f"datasets.t{number}") for number in range(MAX_DRAWN + 1))
    html = show_overview(Catalogue(entries=entries, lineage=()), hidden=0).body.decode()
    assert "There are too many tables for one drawing" in html
