"""The text of alert mails, and that data cannot inject HTML or headers into them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from contender.alerting import (
    Declared,
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
        to=("flight-data@contender.example",),
        gate_url="http://ui/g1",
        log_url="http://ui/log",
        declared=Declared(lines={"no two rows share carrier, flight": "datasets/departures.py:53"}),
    )


@pytest.mark.parametrize(
    "text",
    [
        "departures 2013-09-02",
        "no two rows share carrier, flight",
        "928 of 1393 rows",
        "quarantine/datasets.departures/2013-09-02/abc",
        "Champions keep serving",
        "http://ui/g1",
        "http://ui/log",
        "datasets/departures.py:53",
        "operations__quarantine",
        'contender quarantine release f --reason "..."',
    ],
)
def test_text_and_html_contain_failures_actions_taken_and_links(text):
    alert = mail()
    assert text in alert.text
    assert text in alert.html


@pytest.mark.parametrize("part", ["text", "html"])
def test_the_owner_of_a_built_table_is_not_sent_to_a_source(part):
    told = getattr(mail(table="labels.flight_delay", run="features__flight_delay r1"), part)
    assert "source" not in told
    assert "features__flight_delay" in told
    assert "the model's code" in told


def test_the_subject_contains_dataset_day_and_number_of_failed_checks():
    assert mail().subject == "[contender] departures 2013-09-02: gate failed on 1 check"


def test_passed_expectations_are_not_listed():
    assert "carrier has a value" not in mail().text


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_data_is_escaped_in_html(hostile):
    defect = Defect(what=hostile, where=hostile, way_out=hostile)
    broken = ExpectationResult(
        expectation=hostile, verdict="fail", observed=hostile, failing_keys=({"carrier": hostile},)
    )
    assert hostile not in mail(defects=(defect,), expectations=(broken,)).html


def test_data_cannot_start_another_header():
    failed = FailedTask(
        dag="d\r\nBcc: thief@evil.example", task="t", run="r", days="2013-09-01", error="e", log_url="u"
    )
    alert = compose_task_alert(failed, to="a@b.example")
    assert "\n" not in alert.subject
    assert "\r" not in alert.subject


def test_the_same_failure_has_the_same_alert_id():
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


def test_the_subject_of_an_approval_mail_contains_model_and_deadline():
    assert question().subject == (
        "[contender] flight_delay 2013-08-31: a refresh waits for approval until 2013-09-01 16:00 UTC"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Should version 2 (recipe boosted_trees) replace version 1?",
        "loss 0.1500",
        "champion 0.1510",
        "expected calibration error",
        "the champion keeps serving",
        "http://ui/form",
        "http://ui/page",
    ],
)
def test_an_approval_mail_contains_question_key_figures_and_links(text):
    asked = question()
    assert text in asked.html
    assert text in asked.text


def test_a_question_asked_again_is_another_mail():
    assert question().id == question().id != question(datetime(2013, 9, 1, 20, tzinfo=UTC)).id


DRIFT = ("contender.approver lacks can_read on DAG Runs: run `contender access apply`",)


def about_roles(differences=DRIFT, before=None):
    return compose_access_alert(differences, to="platform@contender.example", before=before)


def test_a_mail_about_differing_roles_contains_differences_and_fix():
    alert = about_roles()
    assert alert.subject == "[contender] Airflow's roles differ from access.yaml in 1 way"
    for text in (DRIFT[0], "contender access check"):
        assert text in alert.text
        assert text in alert.html


def test_unchanged_differences_are_reported_once():
    assert about_roles(before=about_roles()) is None


def test_other_differences_are_another_mail():
    assert about_roles((*DRIFT, "more"), before=about_roles()) is not None


def test_the_end_of_all_differences_is_reported_once():
    ended = about_roles((), before=about_roles())
    assert ended.subject == "[contender] Airflow's roles match access.yaml again"
    assert about_roles((), before=ended) is None


def test_differences_that_come_back_are_reported_again():
    ended = about_roles((), before=about_roles())
    assert about_roles(before=ended).id != about_roles().id


def test_without_differences_no_mail_is_sent():
    assert about_roles(()) is None
