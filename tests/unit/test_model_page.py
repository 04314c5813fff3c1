"""A model's page: why its champion serves, losses and verdicts by day; and ledger entries in two sentences."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest

from contender.catalogue import read_history, read_promotions, tell_decision
from contender.catalogue.history import trace_losses
from contender.records import Decision, Evidence, Interval, Monitored, PairedDay, Reason
from model_pages import show
from tests.unit.judged import evaluation, measures, version
from tests.unit.test_page_rendering import text_of

NIGHT = date(2013, 9, 1)
MODEL = "flight_delay"
BLOCKED = (
    Reason(guard="loss", passed=False, observed=0.2, bound=0.1, explanation="its loss is higher."),
    Reason(guard="age", passed=False, observed=9, bound=7, explanation="too old"),
    Reason(guard="rows", passed=True, observed=9, bound=7, explanation="enough"),
)
WON = Evidence(question="race", incumbent="i", rival="v", value=25, bar=20, days=31, since=NIGHT, enough=True)


def decision(kind: str, before: int | None, after: int | None, **values) -> Decision:
    said = {
        "id": f"{kind} {before} {after}",
        "model": MODEL,
        "night": NIGHT,
        "evaluation": None,
        "challenger": 7,
        "reasons": (),
    }
    return Decision(kind=kind, champion_before=before, champion_after=after, **said | values)


@pytest.mark.parametrize(
    ("entry", "what", "why"),
    [
        (
            decision("first", None, 7),
            "In night 2013-09-01, version 7 became the first that serves.",
            "No guard blocked it.",
        ),
        (
            decision("refreshed", 6, 7),
            "In night 2013-09-01, version 7 replaced version 6.",
            "No guard blocked it.",
        ),
        (
            decision("held", 6, 6, reasons=BLOCKED),
            "In night 2013-09-01, version 7 was held: version 6 keeps serving.",
            "The guard loss blocked it: its loss is higher (1 more blocked it).",
        ),
        (
            decision("held", None, None, reasons=BLOCKED[1:]),
            "In night 2013-09-01, version 7 was held: no version serves yet.",
            "The guard age blocked it: too old.",
        ),
        (
            decision("promoted", 6, 7, evidence=(WON,)),
            "In night 2013-09-01, version 7 replaced version 6.",
            "Its evidence reached 25 after 31 paired days; the threshold was 20.",
        ),
        (
            decision("refreshed", 6, 7, approved_by="ana", why="looks right."),
            "In night 2013-09-01, version 7 replaced version 6.",
            "No guard blocked it; ana approved it: looks right.",
        ),
        (
            decision("rolled_back", 7, 6, by="ben", why="a bug"),
            "In night 2013-09-01, version 6 replaced version 7.",
            "ben decided it: a bug.",
        ),
        (
            decision("resumed", 6, 6, by="ben"),
            "In night 2013-09-01, refreshes of version 6 were allowed again.",
            "ben decided it.",
        ),
        (
            decision("recovered", 6, 7),
            "In night 2013-09-01, version 7 replaced version 6.",
            "It had the lowest loss on the newest days of a break.",
        ),
    ],
)
def test_an_entry_is_told_in_two_sentences(entry, what, why):
    told = tell_decision(entry, None)
    assert (told.what, told.why) == (what, why)


def test_the_reason_of_a_refresh_has_its_losses():
    told = tell_decision(decision("refreshed", 6, 7), evaluation())
    assert told.why.startswith("No guard blocked it: its loss was 0.")
    assert "the champion's 0." in told.why
    assert "the baseline's 0." in told.why


@pytest.fixture
def recorded(book):
    """Three monitored days of a version, of which the second has no predictions, and two paired days of a rival."""
    judged = evaluation(
        model=MODEL,
        challenger=version(1).model_copy(update={"model": MODEL}),
        challenger_measures=measures(0.15).model_copy(
            update={"loss_interval": Interval(low=0.14, high=0.16)}
        ),
    )
    book.evaluations.add(judged)
    book.ledger.enter(decision("first", None, 1, challenger=1, evaluation=judged.id))
    book.ledger.enter(decision("held", 1, 1, challenger=2, reasons=BLOCKED))
    for nth, verdict in enumerate(("stable", "broken_feed", "stable")):
        day = NIGHT + timedelta(days=nth)
        found = None if nth == 1 else measures(0.2 + nth / 100)
        book.monitored.add(
            Monitored(
                id=f"m{nth}",
                model=MODEL,
                day=day,
                version=1,
                measures=found,
                expected_loss=0.15,
                verdict=verdict,
                action="",
            )
        )
        book.pairs.add(
            PairedDay(
                id=f"p{nth}",
                model=MODEL,
                question="race",
                day=day,
                incumbent="r1",
                rival="r2",
                incumbent_version=1,
                rival_version=3,
                incumbent_loss=0.21,
                rival_loss=0.19,
                rows=500,
            )
        )
    return book


def test_the_page_says_which_version_serves_since_when_and_why(recorded):
    page = text_of(show(read_history(recorded, MODEL, with_days=True), [], with_days=True).body.decode())
    assert "Version 1 serves since night 2013-09-01." in page
    assert "version 1 became the first that serves. No guard blocked it: its loss was 0.1500" in page
    assert "version 2 was held: version 1 keeps serving." in page


def test_losses_are_those_of_the_version_that_served(recorded):
    lines = trace_losses(read_history(recorded, MODEL, with_days=True))
    assert [spot.y for spot in lines["served"] if math.isfinite(spot.y)] == [0.2, 0.22]
    assert {(spot.y, spot.low, spot.high) for spot in lines["expected, 95 %"]} == {(0.15, 0.14, 0.16)}
    assert [spot.y for spot in lines["newest rival"]] == [0.19] * 3


def test_charts_have_their_figures_as_a_table(recorded):
    page = show(read_history(recorded, MODEL, with_days=True), [], with_days=True).body.decode()
    assert "2 stable, 1 broken feed" in page
    assert page.count("<details>") == 3
    assert '<th scope="row">2013-09-02</th><td class="figure">–</td>' in page


def test_monitored_days_are_shown_only_to_those_who_may_read_them(recorded):
    page = show(read_history(recorded, MODEL, with_days=False), [], with_days=False).body.decode()
    assert "broken feed" not in page
    assert "Monitored days belong to a DAG that you may not read." in page


def test_a_model_without_a_version_has_a_page(book):
    page = show(read_history(book, MODEL, with_days=True), [], with_days=True).body.decode()
    assert "No version serves yet." in page
    assert "No day monitored yet." in page


def test_the_page_links_to_the_tables_of_the_model_that_the_reader_may_see(book):
    history = read_history(book, MODEL, with_days=True)
    page = show(history, [], ["datasets.weather", f"predictions.{MODEL}"], with_days=True).body.decode()
    assert '<a href="/contender/catalog/datasets.weather">' in page
    assert f'<a href="/contender/catalog/predictions.{MODEL}">' in page
    assert "/catalog/" not in show(history, [], with_days=True).body.decode()


def test_promotions_are_those_of_the_given_models(recorded):
    assert [one.decision.challenger for one in read_promotions(recorded, [MODEL], 10)] == [2, 1]
    assert read_promotions(recorded, ["other"], 10) == ()
