"""The page of costs opens with the answer, and shows each model's account in sentences, charts and a table."""

from __future__ import annotations

from cost_pages import show
from tests.unit.test_accounting import account, nights, returned
from tests.unit.test_page_rendering import text_of

PAYS = account(nights(15), [returned(day, 5.0 + day % 3) for day in range(15)])
UNKNOWN = account(valued=False).model_copy(update={"model": "stock"})


def test_the_page_opens_with_how_many_models_pay():
    assert "2 models: 1 pays, 1 no worth declared." in text_of(show([PAYS, UNKNOWN]).body.decode())


def test_an_account_has_its_sentences_charts_and_tasks():
    shown = text_of(show([PAYS]).body.decode())
    assert "A night of churn costs 0.04 USD." in shown
    assert "Return of a day above the baseline" in shown
    assert "Cost of a night" in shown
    assert "3600.0" in shown


def test_a_model_without_a_recorded_night_has_no_chart():
    shown = show([UNKNOWN]).body.decode()
    assert "No night of stock has been recorded yet." in shown
    assert "<svg" not in shown


def test_a_user_who_may_see_no_model_is_told_so():
    assert "There is no model that you may see." in text_of(show([]).body.decode())
