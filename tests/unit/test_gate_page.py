"""The page of a gate result: the true state of the batch, what to do next, and links to Airflow that work."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest

import gate_pages
from contender.records import GateResult, migrate, open_book
from contender.specs import Days
from menu import ContenderPages
from page_rendering import SHARED, TEMPLATES

AT = datetime(2013, 9, 3, 8, tzinfo=UTC)
FAILED = GateResult(
    id="g1",
    table="datasets.departures",
    owner="flight-data@contender.example",
    days=Days.one(date(2013, 9, 2)),
    run="ingest__departures manual__2013-09-03T08:00:00+00:00",
    verdict="fail",
    rows=7,
    fingerprint="0123456789abcdef-and-more",
    expectations=(),
    quarantine="quarantine/datasets.departures/2013-09-02/0123456789abcdef",
    at=AT,
)
PASSED = FAILED.model_copy(
    update={
        "id": "g2",
        "verdict": "pass",
        "fingerprint": "other",
        "quarantine": None,
        "at": AT + timedelta(hours=1),
    }
)


@pytest.fixture
def book(here):
    migrate(here.records)
    book = open_book(here.records)
    book.gates.add(FAILED)
    return book


def text_of(result: GateResult, catalog, book) -> str:
    html = gate_pages.show(result, catalog, book).body.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html[html.index("<body>") :]))


def links_of(result: GateResult, catalog, book) -> list[str]:
    return re.findall(r'href="([^"]+)"', gate_pages.show(result, catalog, book).body.decode())


def test_a_new_failure_waits_and_says_what_to_do(catalog, book):
    text = text_of(FAILED, catalog, book)
    assert "0123456789abcdef waits for a correction or a decision" in text
    assert "fill in Day with 2013-09-02" in text
    assert "fill in Batch with 0123456789abcdef" in text


def test_it_links_to_the_run_the_dag_and_the_release(catalog, book):
    links = links_of(FAILED, catalog, book)
    assert "/dags/ingest__departures/runs/manual__2013-09-03T08%3A00%3A00%2B00%3A00" in links
    assert "/dags/ingest__departures" in links
    assert "/dags/operations__quarantine" in links


@pytest.mark.parametrize(("kind", "state"), [("released", "released"), ("discarded", "discarded")])
def test_after_a_decision_it_names_the_person_and_no_longer_waits(catalog, book, kind, state):
    book.acts.record(kind, FAILED.table, "0123456789abcdef", "ada", "a new airport", {"gate": "g1"})
    text = text_of(FAILED, catalog, book)
    assert f"was {state} by ada" in text
    assert "a new airport" in text
    assert "waits" not in text
    assert "What to do next" not in text


def test_after_a_correction_it_links_to_the_newer_result_and_no_longer_waits(catalog, book):
    book.gates.add(PASSED)
    text = text_of(FAILED, catalog, book)
    assert "superseded: another batch of the same days has passed its gate since" in text
    assert "waits" not in text
    assert "/contender/gates/g2" in links_of(FAILED, catalog, book)


def test_the_newest_result_has_no_link_to_itself(catalog, book):
    book.gates.add(PASSED)
    assert "A newer batch" not in text_of(PASSED, catalog, book)


def test_the_owner_of_a_built_table_is_not_sent_to_a_source(catalog, book):
    built = FAILED.model_copy(
        update={"table": "labels.flight_delay", "run": "features__flight_delay asset__x"}
    )
    text = text_of(built, catalog, book)
    assert "source" not in text
    assert "Correct the data that it is built from, or the model's code" in text
    assert "clear the tasks of the run" in text


def test_a_check_outside_airflow_has_no_link_to_a_run(catalog, book):
    released = FAILED.model_copy(update={"run": "released 4f2a"})
    assert not [link for link in links_of(released, catalog, book) if "/runs/" in link]


class Links(HTMLParser):
    """The attributes of the links of a template."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("a", "form", "base", "area"):
            self.found.append(dict(attrs))


@pytest.mark.parametrize(
    "file",
    sorted(file for folder in (TEMPLATES, *SHARED) for file in folder.glob("*.html")),
    ids=lambda file: file.name,
)
def test_links_work_in_a_tab_and_in_airflows_frame(file):
    # Airflow's frame has sandbox="allow-scripts allow-same-origin allow-forms allow-downloads": a link with a target
    # does nothing there.
    html = file.read_text()
    for link in Links(html).found:
        assert not {"target", "onclick"} & set(link), link
        target = link.get("href") or link.get("action") or ""
        assert re.match(r"\{\{ (prefix|airflow|proposal\.form) \}\}|\?|#content", target), link


def test_the_menu_opens_pages_outside_airflows_frame():
    assert [view["name"] for view in ContenderPages.external_views] == [
        "Tonight",
        "Catalogue",
        "Incidents",
        "Costs",
        "Scorecards",
        "Audit",
    ]
    assert not [view for view in ContenderPages.external_views if "url_route" in view]
