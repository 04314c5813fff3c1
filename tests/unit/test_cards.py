"""Model cards: content, missing measurements, cautions, and escaping."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.cards import make_card, render_html, render_markdown
from contender.cards.render import escape_markdown
from contender.promoting import decide_promotion
from contender.records import (
    BehaviourCheck,
    CalibrationPoint,
    Caveat,
    Decision,
    Entry,
    Interval,
    SliceMeasures,
)
from contender.specs import Days, Guards
from tests.unit.judged import evaluation, measures, version
from tests.unit.own_code import EXAMPLE_MODELS
from tests.unit.test_page_rendering import EVIL, Seen

AT = datetime(2013, 9, 1, 4, tzinfo=UTC)
MARKED = f"| **bold** {EVIL}\n# a heading\x1b[31m"


@pytest.fixture(scope="module")
def spec(catalog):
    return catalog.model("flight_delay")


def entered(decision: Decision, number: int = 1) -> Entry:
    return Entry(number=number, previous="", entered=AT, decision=decision, seal=f"{number:064x}")


def measured(name: str = "airport=JFK"):
    return evaluation(
        challenger=version(2).model_copy(update={"features": ("airport", "dep_hour")}),
        challenger_measures=measures(0.15).model_copy(
            update={"loss_interval": Interval(low=0.141, high=0.159)}
        ),
        calibration=(CalibrationPoint(predicted=0.2, observed=0.25, rows=600),),
        slices=(
            SliceMeasures(
                name=name,
                rows=30,
                challenger_loss=0.17,
                champion_loss=0.18,
                difference=Interval(low=-0.02, high=0.01),
            ),
        ),
        behaviour=(
            BehaviourCheck(
                name=name, kind="direction", passed=False, observed=0.1, bound=0.5, explanation=name
            ),
        ),
    )


def card(spec, judged=None, entries=(), caveats=(), serving=2):
    return make_card(spec, spec, judged or measured(), entries, caveats, serving)


def test_the_card_of_a_strategy_states_its_recipe(spec):
    strategy = spec.strategies[0]
    made = version(2).model_copy(update={"recipe": strategy.name, "strategy": True})
    found = card(spec, evaluation(challenger=made))
    assert (found.window_days, found.parameters) == (strategy.window_days, strategy.parameters)


def hostile(spec):
    decision = decide_promotion(evaluation(), Guards()).model_copy(update={"why": MARKED, "by": MARKED})
    caveat = Caveat(
        id="c", model="m", version=2, kind="released", table=MARKED, days=Days.one("2013-08-01"), why=MARKED
    )
    texts = {"description": MARKED, "owner": MARKED, "limits": (MARKED,), "label": MARKED}
    return card(spec.model_copy(update=texts), measured(MARKED), [entered(decision)], [caveat])


def abouts(found) -> list[str]:
    return [caution.about for caution in found.cautions]


def test_a_card_contains_measures_calibration_slices_and_ledger(spec):
    decision = decide_promotion(evaluation(), Guards())
    markdown = render_markdown(card(spec, entries=[entered(decision)]))
    for text in (
        "# flight_delay, version 2 (serving)",
        "| loss | 0.1500 | 0.1510 | 0.1600 |",
        "95 % interval of the loss: 0.1410 to 0.1590",
        "| 0.2000 | 0.2500 | 600 |",
        "-0.0200 to 0.0100",
        "id " + decision.id,
        "| dep_hour | integer | hours | local, by timetable |",
        "New York's three airports in 2013",
    ):
        assert text in markdown


def test_a_card_states_what_was_not_measured(spec):
    for text in (
        render_markdown(card(spec, evaluation())),
        re.sub(r"<[^>]+>", "", render_html(card(spec, evaluation()))),
    ):
        assert text.count("Not measured.") == 3
        assert "95 % interval of the loss: not measured" in text
        assert "No decision about this version yet." in text


def test_a_card_shows_how_ready_the_model_is_if_that_is_known(spec):
    for render in (render_markdown, render_html):
        assert "4 of 7 (data 5 of 7): fine" in render(card(spec), "4 of 7 (data 5 of 7): fine")
        assert "ML Test Score" not in render(card(spec))


def test_a_card_draws_calibration_and_slices(spec):
    html = render_html(card(spec))
    assert html.count("<svg") == 2
    assert render_html(card(spec, evaluation())).count("<svg") == 0


def test_values_are_escaped_in_html(spec):
    seen = Seen(render_html(hostile(spec)))
    assert "script" not in seen.tags
    assert not [name for name in seen.attributes if name.startswith("on")]


def test_values_are_escaped_in_markdown(spec):
    markdown = render_markdown(hostile(spec))
    assert not re.search(r"(?<!\\)<", markdown)
    assert "\x1b" not in markdown
    assert "\n# a heading" not in markdown
    tables = [line for line in markdown.splitlines() if line.startswith("| ")]
    columns = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert columns <= {4, 5, 6, 7}


@given(st.text())
def test_an_escaped_value_stays_on_its_line_and_in_its_table_cell(value):
    escaped = escape_markdown(value)
    assert len(escaped.splitlines()) <= 1
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<*`]", escaped)


def test_an_html_card_loads_no_other_file(spec):
    assert not re.search(r"(?:src|href)=", render_html(card(spec)))


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"judged_on": Days(first=date(2013, 8, 25), last=date(2013, 8, 31))}, "few days"),
        ({"challenger_measures": measures(0.16)}, "baseline"),
        ({"champion_measures": None}, "no comparison"),
        ({"unusable_predictions": 3}, "predictions"),
        ({"challenger": version(2)}, "training data"),
    ],
)
def test_weak_evaluations_cause_cautions(spec, change, about):
    assert about in abouts(card(spec, evaluation(**change)))


def test_small_slices_and_failed_behaviour_tests_cause_cautions(spec):
    assert {"slice airport=JFK", "behaviour 'airport=JFK'"} <= set(abouts(card(spec)))


def test_replaced_training_data_causes_a_caution(spec):
    caveat = Caveat(
        id="c",
        model="m",
        version=2,
        kind="superseded",
        table="datasets.weather",
        days=Days.one("2013-08-01"),
        why="corrected after the fit",
    )
    assert "superseded data" in abouts(card(spec, caveats=[caveat]))


@pytest.mark.parametrize(
    ("kind", "challenger", "before", "about"),
    [("emergency", 2, 1, "promoted by hand"), ("rolled_back", 1, 2, "rolled back")],
)
def test_decisions_by_hand_cause_cautions(spec, kind, challenger, before, about):
    decision = Decision(
        id="d",
        model="flight_delay",
        night=date(2013, 8, 31),
        kind=kind,
        evaluation=None,
        champion_before=before,
        champion_after=challenger,
        challenger=challenger,
        reasons=(),
        by="ana",
        why="refunds went up",
    )
    assert about in abouts(card(spec, entries=[entered(decision)]))


def test_every_example_model_states_uses_it_is_not_for(catalog):
    for name in EXAMPLE_MODELS:
        assert any(limit.startswith("Do not use it for") for limit in catalog.model(name).limits)
