"""The tables of docs/SCALING.md match the stored results."""

from __future__ import annotations

import json

import pytest

from benchmarks import history, ranges, rows, schedule, training
from benchmarks.keeping import put_into
from benchmarks.many import __main__ as many
from benchmarks.night import __main__ as night


@pytest.mark.parametrize("made_by", [history, many, night, ranges, rows, schedule, training])
def test_a_table_of_the_page_matches_its_results(made_by):
    page, found = made_by.PAGE.read_text(), json.loads(made_by.RESULTS.read_text())
    assert put_into(page, made_by.render(found), made_by.BEGIN, made_by.END) == page
