"""A model card inside the Airflow UI: no scripts, escaped values, and links to the version's decisions."""

from __future__ import annotations

import re

from card_pages import show
from page_rendering import NO_SCRIPTS
from tests.unit.test_cards import card, entered, hostile
from tests.unit.test_cards import spec as spec
from tests.unit.test_page_rendering import Seen


def test_the_page_forbids_scripts_and_escapes_all_values(spec):
    page = show(hostile(spec))
    seen = Seen(page.body.decode())
    assert page.headers["Content-Security-Policy"] == NO_SCRIPTS["Content-Security-Policy"]
    assert "script" not in seen.tags
    assert not [name for name in seen.attributes if name.startswith("on")]


def test_the_page_shows_calibration_and_slices_and_links_to_decisions(spec):
    from contender.promoting import decide_promotion
    from contender.specs import Guards
    from tests.unit.judged import evaluation

    decision = decide_promotion(evaluation(), Guards())
    html = show(card(spec, entries=[entered(decision)])).body.decode()
    assert html.count("<svg") == 2
    assert f"/contender/decisions/flight_delay/{decision.id}" in html
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)


def test_the_page_links_the_score_of_the_model_to_its_evidence(spec):
    html = show(card(spec), "4 of 7: fine").body.decode()
    assert re.search(r'<a href="[^"]*/scorecards#flight_delay">4 of 7: fine</a>', html)
