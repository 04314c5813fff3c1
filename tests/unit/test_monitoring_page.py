"""The tables of docs/MONITORING.md match the stored results of the benchmarks."""

from __future__ import annotations

import json

import numpy as np

from benchmarks.keeping import put_into
from benchmarks.monitoring import bound, cost, peers, peers_page
from benchmarks.monitoring.__main__ import BEGIN, END, PAGE, RESULTS, render


def test_the_tables_of_the_monitoring_page_match_the_results():
    page, rows = PAGE.read_text(), json.loads(RESULTS.read_text())
    assert put_into(page, render(rows), BEGIN, END) == page


def test_the_table_of_costs_matches_the_results():
    page, rows = PAGE.read_text(), json.loads(cost.RESULTS.read_text())
    assert put_into(page, cost.render(rows), cost.BEGIN, cost.END) == page


def test_the_tables_of_other_libraries_match_the_results():
    page, rows = PAGE.read_text(), json.loads(peers.RESULTS.read_text())
    assert put_into(page, peers_page.render(rows), peers.BEGIN, peers.END) == page


def test_the_table_of_what_could_be_found_matches_the_results():
    page, rows = PAGE.read_text(), json.loads(bound.RESULTS.read_text())
    assert put_into(page, bound.render(rows), bound.BEGIN, bound.END) == page


def test_a_judge_in_hindsight_finds_a_sum_above_that_of_every_quiet_stretch():
    limits = {name: np.array([3.0, 4.0]) for name in bound.FIGURES}
    calm = {name: np.array([3.0, 4.0]) for name in bound.FIGURES}
    assert not bound.is_found(calm, limits)
    assert bound.is_found(calm | {"inverted": np.array([0.0, 4.1])}, limits)
