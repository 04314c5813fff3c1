"""What an alert mail says, and what data can not make it say."""

from datetime import UTC, date, datetime, timedelta

import pytest

from contender.alerting import (
    FailedTask,
    compose_access_alert,
    compose_approval_alert,
    compose_gate_alert,
    compose_task_alert,
)
from contender.promoting import decide_promotion
from contender.records import Defect, ExpectationResult, GateResult, Proposal
from contender.specs import Days, Guards
from tests.unit.judged import evaluation

KEYS = tuple({"carrier": "AA", "flight": str(number)} for number in range(10))


def result(**changes) -> GateResult:
    failed = {
        "id": "g1",
        "table": "datasets.departures",
        "owner": "flight-data@contender.example",
        "days": Days.one(date(2013, 9, 2)),
        "run": "ingest__departures r1",
        "verdict": "fail",
        "rows": 1393,
        "fingerprint": "f",
        "expectations": (
            ExpectationResult(
                expectation="no two rows share carrier, flight",
                verdict="fail",
                observed="928 of 1393 rows",
                failing_rows=928,
                failing_keys=KEYS,
            ),
            ExpectationResult(expectation="carrier has a value", verdict="pass", observed="passed"),
        ),
        "quarantine": "quarantine/datasets.departures/2013-09-02/abc",
    }
    return GateResult(**(failed | changes))


def mail(**changes):
    return compose_gate_alert(
        result(**changes),
        to="flight-data@contender.example",
        gate_url="http://ui/g1",
        log_url="http://ui/log",
    )


@pytest.mark.parametrize(
    "said",
    [
        "departures 2013-09-02",
        "no two rows share carrier, flight",
        "928 of 1393 rows",
        "quarantine/datasets.departures/2013-09-02/abc",
        "champions serve on",
        "http://ui/g1",
        "http://ui/log",
    ],
)
def test_both_forms_say_what_failed_what_was_done_and_where_to_look(said):
    alert = mail()
    assert said in alert.text
    assert said in alert.html


def test_the_subject_names_dataset_day_and_verdict():
    assert mail().subject == "[contender] departures 2013-09-02: gate failed, 1 promises broken"


def test_promises_that_held_are_not_listed():
    assert "carrier has a value" not in mail().text


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_nothing_from_data_becomes_html(hostile):
    defect = Defect(what=hostile, where=hostile, way_out=hostile)
    broken = ExpectationResult(
        expectation=hostile, verdict="fail", observed=hostile, failing_keys=({"carrier": hostile},)
    )
    assert hostile not in mail(defects=(defect,), expectations=(broken,)).html


def test_nothing_from_data_begins_another_header():
    failed = FailedTask(
        dag="d\r\nBcc: thief@evil.example", task="t", run="r", days="2013-09-01", error="e", log_url="u"
    )
    alert = compose_task_alert(failed, to="a@b.example")
    assert "\n" not in alert.subject
    assert "\r" not in alert.subject


def test_the_same_failure_is_the_same_alert():
    assert mail().id == mail().id


def question(asked: datetime = datetime(2013, 9, 1, 4, tzinfo=UTC)):
    refresh = evaluation()
    proposal = Proposal(
        decision=decide_promotion(refresh, Guards()),
        asked=asked,
        deadline=asked + timedelta(hours=12),
        form="http://ui/form",
    )
    return compose_approval_alert(proposal, refresh, to=("a@b.example",), page_url="http://ui/page")


def test_a_question_names_model_and_deadline_in_its_subject():
    assert question().subject == (
        "[contender] flight_delay 2013-08-31: a refresh waits for approval until 2013-09-01 16:00 UTC"
    )


@pytest.mark.parametrize(
    "said",
    [
        "Shall version 2 (recipe boosted_trees) serve in the place of version 1?",
        "loss 0.1500",
        "the champion&#39;s 0.1510",
        "expected calibration error",
        "the champion serves on",
        "http://ui/form",
        "http://ui/page",
    ],
)
def test_a_question_tells_what_is_asked_key_figures_and_where_to_answer(said):
    asked = question()
    assert said in asked.html
    assert said.replace("&#39;", "'") in asked.text


def test_a_question_asked_anew_is_another_mail():
    assert question().id == question().id != question(datetime(2013, 9, 1, 20, tzinfo=UTC)).id


DRIFT = ("contender.approver lacks can_read on DAG Runs: `contender access apply` mends it",)


def about_roles(differences=DRIFT, before=None):
    return compose_access_alert(differences, to="platform@contender.example", before=before)


def test_roles_that_differ_are_told_with_the_way_out():
    alert = about_roles()
    assert alert.subject == "[contender] Airflow's roles differ from access.yaml in 1 way"
    for said in (DRIFT[0], "contender access check"):
        assert said in alert.text
        assert said in alert.html


def test_the_same_differences_are_told_once():
    assert about_roles(before=about_roles()) is None


def test_other_differences_are_another_mail():
    assert about_roles((*DRIFT, "more"), before=about_roles()) is not None


def test_the_end_of_all_differences_is_told_once():
    ended = about_roles((), before=about_roles())
    assert ended.subject == "[contender] Airflow's roles are as access.yaml says again"
    assert about_roles((), before=ended) is None


def test_differences_that_come_back_are_told_again():
    ended = about_roles((), before=about_roles())
    assert about_roles(before=ended).id != about_roles().id


def test_where_nothing_ever_differed_nothing_is_told():
    assert about_roles(()) is None
