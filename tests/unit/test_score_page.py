"""The page of scorecards opens with the lowest score, and says what is missing and why."""

from __future__ import annotations

from html import unescape

from contender.scorecard import score
from score_pages import show
from tests.unit.scored import FULL
from tests.unit.test_page_rendering import text_of

BEST = score(FULL)
WORSE = score(FULL.model_copy(update={"gates": {}})).model_copy(update={"model": "stock"})


def test_the_page_opens_with_the_lowest_score():
    shown = text_of(show([BEST, WORSE]).body.decode())
    assert f"2 models; the lowest score: {WORSE.summary}" in shown


def test_what_is_missing_comes_before_the_evidence():
    shown = unescape(text_of(show([WORSE]).body.decode()))
    (missing, *_) = [test.finding.missing for test in WORSE.tests if test.finding.missing]
    assert shown.index(missing) < shown.index("Tests of stock, section data")


def test_every_test_shows_its_question_and_its_evidence():
    shown = unescape(text_of(show([BEST]).body.decode()))
    for test in BEST.tests:
        assert test.asks in shown
        assert all(text in shown for text in test.finding.evidence)


def test_a_model_without_gaps_has_no_list_of_them():
    assert BEST.total == 7
    assert "What is missing" not in show([BEST]).body.decode()


def test_a_user_who_may_see_no_model_is_told_so():
    assert "There is no model that you may see." in text_of(show([]).body.decode())
