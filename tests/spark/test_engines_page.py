"""Both engines agree on every expression that docs/ENGINES.md lists as agreeing, and the page is up to date."""

from __future__ import annotations

import pytest

from scripts.engines_page import ENGINES, PAGE, compute_on, find_difference, name_of, render_page
from tests.spark.expressions import AGREEING, DIFFERING, FAILING


@pytest.fixture(scope="module")
def results():
    return [compute_on(engine) for engine in ENGINES]


def test_the_engines_agree_on_edge_values(results):
    assert [e for e in AGREEING if find_difference(e, *results) is not None] == []
    assert [e for e in AGREEING if results[0][name_of(e)][0].startswith("error")] == []


def test_what_fails_on_one_engine_does_not_become_a_value_on_the_other(results):
    for expression in FAILING:
        assert [found[name_of(expression)][0][:5] for found in results] == ["error", "error"], expression


def test_the_engines_still_differ_where_the_page_says_so(results):
    assert [e for e in DIFFERING if find_difference(e, *results) is None] == []


def test_the_page_is_up_to_date(results):
    assert PAGE.read_text() == render_page(*results), "run `make docs`"
