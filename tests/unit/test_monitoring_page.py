"""The tables of docs/MONITORING.md match the stored results of the benchmarks."""

from __future__ import annotations

import json

from benchmarks.monitoring import cost, peers, peers_page
from benchmarks.monitoring.__main__ import BEGIN, END, PAGE, RESULTS, render
from benchmarks.promotion.page import put_into


def test_the_tables_of_the_monitoring_page_match_the_results():
    page, rows = PAGE.read_text(), json.loads(RESULTS.read_text())
    assert put_into(page, render(rows), BEGIN, END) == page


def test_the_table_of_costs_matches_the_results():
    page, rows = PAGE.read_text(), json.loads(cost.RESULTS.read_text())
    assert put_into(page, cost.render(rows), cost.BEGIN, cost.END) == page


def test_the_tables_of_other_libraries_match_the_results():
    page, rows = PAGE.read_text(), json.loads(peers.RESULTS.read_text())
    assert put_into(page, peers_page.render(rows), peers.BEGIN, peers.END) == page
