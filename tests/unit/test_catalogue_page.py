"""The pages of the catalogue open with which tables are healthy, and a search finds tables by their words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from catalogue_pages import show_overview, show_table
from contender.catalogue import (
    MOST_COLUMNS,
    Catalogue,
    Edge,
    Entry,
    Freshness,
    GateSummary,
    count_healthy,
    draw,
    find_tables,
    judge_health,
)
from tests.unit.test_page_rendering import HISTORY, entry, text_of

DRAWING = draw(["datasets.sales", "features.churn"], [Edge(source="datasets.sales", target="features.churn")])
AT = datetime(2013, 9, 3, tzinfo=UTC)
PASSED = GateSummary(gate="g1", days="2013-09-01", verdict="pass", rows=1, broken=(), at=AT)
WARNED = PASSED.model_copy(update={"verdict": "warn", "broken": ("few rows",)})
FAILED = PASSED.model_copy(
    update={
        "gate": "g2",
        "days": "2013-09-02",
        "verdict": "fail",
        "broken": ("no two rows share day", "b", "c"),
    }
)
FRESH = Freshness(
    cron=None, grace_hours=None, last_good_day=AT.date(), expected_day=None, due=None, overdue=False
)
LATE = FRESH.model_copy(update={"expected_day": AT.date(), "due": AT, "overdue": True})


def made(table: str, **changes: object) -> Entry:
    values = {"table": table, "description": "d", "gates": (PASSED,), "freshness": FRESH}
    return entry(**values | changes)


@pytest.mark.parametrize(
    ("changes", "state", "why"),
    [
        ({}, "healthy", "its newest day is 2013-09-03; its last gate, of 2013-09-01, passed"),
        (
            {"gates": (WARNED, FAILED)},
            "healthy",
            "its newest day is 2013-09-03; its last gate, of 2013-09-01, passed with warnings: few rows",
        ),
        (
            {"gates": (FAILED, PASSED)},
            "unhealthy",
            "its last gate, of 2013-09-02, failed: no two rows share day (2 more)",
        ),
        (
            {"freshness": LATE, "gates": (FAILED,)},
            "unhealthy",
            "2013-09-03 has been overdue since 2013-09-03 00:00 UTC; its last gate, of 2013-09-02, failed: "
            "no two rows share day (2 more)",
        ),
        ({"gates": (), "snapshots": ()}, "empty", "nothing has been published yet"),
        ({"gates": (), "snapshots": (), "freshness": LATE}, "unhealthy", "2013-09-03 has been overdue since"),
    ],
)
def test_a_table_is_healthy_unless_a_day_is_overdue_or_its_last_gate_failed(changes, state, why):
    found = judge_health(made("datasets.sales", **changes))
    assert found.state == state
    assert found.why.startswith(why)


def test_the_overview_opens_with_the_number_of_healthy_tables_and_names_the_others():
    tables = [
        made("datasets.a"),
        made("datasets.b", gates=(FAILED,)),
        made("datasets.c", gates=(), snapshots=()),
    ]
    html = show_overview(Catalogue(entries=tuple(tables), lineage=()), hidden=0).body.decode()
    text = re.sub(r"\s+", " ", text_of(html))
    assert "Of 3 tables, 1 is healthy, 1 is not and 1 is empty." in text
    assert "datasets.b is not healthy: its last gate, of 2013-09-02, failed" in text
    assert "datasets.a is not healthy" not in text


def test_a_search_shows_what_was_sought_and_how_to_see_all_tables():
    html = show_overview(Catalogue(entries=(), lineage=()), hidden=0, sought='de"lay').body.decode()
    assert 'There is no table with “de"lay” that you may see.' in unescape(text_of(html))
    assert 'value="de&#34;lay"' in html
    assert '<a href="/contender/catalog">All tables</a>' in html


@pytest.mark.parametrize(
    ("text", "among"),
    [
        ("departures", "datasets.departures"),
        ("FLIGHT_DELAY labels", "labels.flight_delay"),
        ("tailnum", "datasets.planes"),
        ("", "datasets.weather"),
    ],
)
def test_a_search_finds_tables_by_name_description_owner_and_columns(catalog, text, among):
    assert among in find_tables(catalog, text)


def test_each_word_must_be_found(catalog):
    assert find_tables(catalog, "departures no-such-word") == frozenset()
    owner = catalog.dataset("weather").owner
    assert find_tables(catalog, owner) == {t for t, c in catalog.tables.items() if c.owner == owner}
    assert find_tables(catalog, "") == frozenset(catalog.tables)


def test_the_answer_names_the_search():
    assert count_healthy([]) == "There is no table that you may see."
    judged = [judge_health(made("datasets.a"))]
    assert count_healthy(judged, "delay") == "Of 1 table with “delay”, 1 is healthy."


def shown(**changes: object) -> str:
    values: dict = {"gates": (), "columns": (), "readers": {}}
    return show_table(made("datasets.sales"), DRAWING, **values | changes).body.decode()


def test_a_table_links_to_the_models_that_read_it_and_to_their_predictions():
    html = shown(readers={"churn": "predictions.churn", "demand": None})
    text = re.sub(r"\s+", " ", unescape(text_of(html)))
    assert "churn, which fills predictions.churn; demand" in text
    for path in ("models/churn", "catalog/predictions.churn", "models/demand"):
        assert f'href="/contender/{path}"' in html
    assert "no model that you may see reads it" in text_of(shown())


def test_a_page_of_predictions_does_not_link_to_itself():
    html = show_table(
        made("predictions.churn"), DRAWING, (), (), {"churn": "predictions.churn"}
    ).body.decode()
    assert "which fills" not in html


def test_columns_that_are_not_drawn_are_counted():
    assert "more columns are not drawn" not in shown(columns=[HISTORY] * MOST_COLUMNS)
    assert "2 more columns are not drawn." in shown(columns=[HISTORY] * (MOST_COLUMNS + 2))
