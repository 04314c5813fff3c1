"""The page of a decision: what an approver needs, escaping, and approvals that come too late."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from contender.promoting import Standing, decide_night
from contender.records import (
    Answer,
    BehaviourCheck,
    CalibrationPoint,
    Caveat,
    Evidence,
    Interval,
    PairedDay,
    Proposal,
    SliceMeasures,
)
from contender.specs import Days, Guards
from decision_pages import show as page_of
from tests.unit.judged import evaluation, measures, version
from tests.unit.test_page_rendering import EVIL, Seen, text_of

NIGHT = date(2013, 8, 31)
SINCE = date(2013, 8, 1)
ASKED = datetime(2013, 9, 1, 4, tzinfo=UTC)
STANDING = Standing(champion=1, since=SINCE, suspended=None)


def pair(day: date) -> PairedDay:
    return PairedDay(
        id=f"p{day}",
        model="flight_delay",
        question="race",
        day=day,
        incumbent="r1",
        rival="r2",
        incumbent_version=1,
        rival_version=3,
        incumbent_loss=0.21,
        rival_loss=0.2,
        rows=500,
    )


@pytest.fixture
def judged():
    return evaluation(
        challenger=version(3, recipe="r2"),
        challenger_measures=measures(0.15).model_copy(
            update={"loss_interval": Interval(low=0.141, high=0.159)}
        ),
        calibration=(CalibrationPoint(predicted=0.2, observed=0.25, rows=600),),
        slices=(
            SliceMeasures(
                name=EVIL,
                rows=300,
                challenger_loss=0.17,
                champion_loss=0.18,
                difference=Interval(low=-0.02, high=0.001),
            ),
        ),
        behaviour=(
            BehaviourCheck(
                name="later is worse",
                kind="direction",
                passed=True,
                observed=0.6,
                bound=0.5,
                explanation=EVIL,
            ),
        ),
    )


@pytest.fixture
def waiting(judged, book):
    """A proposal for a rival that has won after 20 paired days, in the book of record."""
    days = [SINCE + timedelta(days=n) for n in range(20)]
    for day in days:
        book.pairs.add(pair(day))
    won = Evidence(
        question="race", incumbent="r1", rival="r2", value=25, bar=20, days=20, since=SINCE, enough=True
    )
    (decision,) = decide_night([judged], [won], STANDING, Guards())
    book.evaluations.add(judged)
    return Proposal(
        decision=decision, asked=ASKED, deadline=ASKED + timedelta(hours=12), form="http://x/form"
    )


@pytest.fixture
def show(book, catalog):
    """The page of a proposal."""

    def render(proposal: Proposal, *, sees_data: bool = True) -> str:
        book.proposals.put(proposal)
        model = catalog.model("flight_delay")
        return page_of(model.name, proposal.decision.id, model, book, sees_data=sees_data).body.decode()

    return render


def test_a_waiting_proposal_shows_deadline_form_measures_evidence_and_slices(show, waiting):
    html = show(waiting)
    for shown in (
        "A new recipe waits for approval\nuntil 2013-09-01 16:00 UTC",
        'href="http://x/form"',
        "0.1410 to 0.1590",
        "-0.0200 to 0.0010",
        "evidence is 25.00 after 20 paired days",
        "Evidence for this recipe",
        "threshold 20",
        "Calibration of version 3",
        "later is worse",
        "2013-01-01..2013-08-24",
    ):
        assert shown in html or shown in text_of(html)


def test_the_evidence_chart_has_a_point_per_day(show, waiting):
    html = show(waiting)
    curve = html[html.index("Evidence for this recipe") :]
    assert len(re.search(r'<polyline points="([^"]*)"', curve).group(1).split()) == 20


def test_an_entry_of_the_ledger_begins_with_two_sentences(catalog, waiting, book):
    book.ledger.enter(waiting.decision.model_copy(update={"champion_before": None}))
    model = catalog.model("flight_delay")
    html = page_of(model.name, waiting.decision.id, model, book, sees_data=True).body.decode()
    assert "In night 2013-08-31, version 3 became the first that serves. Its evidence reached 25" in html


def test_data_is_escaped_and_no_script_runs(show, waiting):
    seen = Seen(show(waiting))
    assert "script" not in seen.tags
    assert not [name for name in seen.attributes if name.startswith("on")]


def test_caveats_of_the_version_are_shown(show, waiting, book):
    book.caveats.add(
        Caveat(
            id="c",
            model="flight_delay",
            version=3,
            kind="released",
            table="features.flight_delay",
            days=Days.one(NIGHT),
            why="ana let it through",
        )
    )
    assert "ana let it through" in show(waiting)


def test_an_answered_proposal_shows_answer_name_and_reason(show, waiting):
    answer = Answer(decision=waiting.decision.id, approved=False, by="ana", at=ASKED, why="a holiday")
    html = show(waiting.model_copy(update={"state": "refused", "answer": answer}))
    assert "Rejected by ana,\n2013-09-01 04:00 UTC: a holiday" in text_of(html)


def test_the_page_says_if_an_approval_comes_too_late(show, waiting, book):
    by_hand = waiting.decision.model_copy(
        update={"id": "x", "champion_before": None, "champion_after": 7, "kind": "emergency"}
    )
    book.ledger.enter(by_hand)
    assert "Version 7 has been promoted since this evaluation" in show(waiting)


def test_gates_are_shown_only_to_users_who_may_see_the_data(show, waiting):
    assert "Last gates of its data" in show(waiting)
    assert "Last gates of its data" not in show(waiting, sees_data=False)
