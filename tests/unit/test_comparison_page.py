"""The table of docs/COMPARISON.md matches the stored results, and its ratios are those of the same turn."""

from __future__ import annotations

import json

from benchmarks.keeping import put_into
from benchmarks.others.__main__ import BEGIN, END, OURS, PAGE, RESULTS, render, summarise
from benchmarks.others.ways import Used


def test_the_table_of_the_page_matches_the_results():
    page, rows = PAGE.read_text(), json.loads(RESULTS.read_text())
    assert put_into(page, render(rows), BEGIN, END) == page


def test_a_ratio_compares_figures_of_the_same_turn():
    turns = [{OURS: Used(1, 2), "Kedro": Used(0.5, 1)}, {OURS: Used(10, 20), "Kedro": Used(1, 2)}]
    row = summarise("Kedro", turns)
    assert (row["wall"]["low"], row["wall"]["high"]) == (0.1, 0.5)
    assert summarise(OURS, turns)["wall"]["ratio"] == 1
