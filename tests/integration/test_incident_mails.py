"""Incidents end to end: failing tasks and missing outputs to mails over SMTP, with the book on SQLite and Postgres."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest

from contender.alerting import (
    FailedTask,
    MailServer,
    deliver_pending,
    mail_channel,
    raise_gate_failure,
    raise_task_failure,
    report_success,
    review_incidents,
    settle_incident,
)
from contender.embedded_airflow import free_port, mailbox
from contender.incidents import close
from contender.installation import Installation
from contender.lake import stage
from contender.records import GateResult, Publication, Step, identify, read_audit
from contender.specs import Catalog, Days, describe
from demo import source
from tests.unit.policy_results import decision
from tests.unit.test_alert_mail import result

MODEL, NIGHT = "flight_delay", date(2013, 9, 2)
NOON = datetime(2013, 9, 3, 12, tzinfo=UTC)
SENDER = "contender@contender.example"


@pytest.fixture
def punctual(catalog: Catalog) -> Catalog:
    """The catalog with one model, whose predictions are due at 10:00."""
    model = catalog.model(MODEL).model_copy(update={"scored_by": time(10)})
    return catalog.model_copy(update={"models": {MODEL: model}})


@pytest.fixture
def installed(records, here, punctual) -> Installation:
    """An installation whose nights run by schedule, with a champion."""
    known = here.model_copy(update={"records": records, "nightly_from": NIGHT, "ui_url": "http://ui"})
    installation = Installation(known, punctual)
    installation.book.ledger.enter(decision(NIGHT, "first", 1, "boosted_trees"))
    return installation


@pytest.fixture
def box(tmp_path) -> Iterator[mailbox.Mailbox]:
    with mailbox.running(tmp_path / "mails") as running:
        yield running


def send(here: Installation, box: mailbox.Mailbox) -> list[mailbox.Mail]:
    """Send what is pending, and return all mails so far."""
    server = MailServer(host="127.0.0.1", port=box.port)
    deliver_pending(here.book, {"mail": mail_channel(server, SENDER)})
    return mailbox.read(box.folder)


def task(dag: str, at: datetime = NOON, **values) -> FailedTask:
    said = {"task": "plan", "run": "r", "days": str(NIGHT), "error": "it broke", "log_url": "http://ui/log"}
    return FailedTask(dag=dag, at=at, **said | values)


def publish(here: Installation, table: str, day: date, at: datetime) -> None:
    made = Publication(
        id=identify(table, day, at),
        table=table,
        days=Days.one(day),
        run="r",
        rows=1,
        fingerprint="f",
        at=at,
    )
    here.book.publications.intend(made)
    here.book.publications.confirm(made.id)


def publish_inputs(here: Installation, *but: str) -> None:
    for name, day in (("departures", NIGHT), ("weather", NIGHT), ("schedule", NIGHT + timedelta(days=1))):
        if name not in but:
            publish(here, f"datasets.{name}", day, NOON - timedelta(hours=4))
    for name in here.catalog.datasets:
        if here.catalog.dataset(name).kind == "reference" or name not in (
            "departures",
            "weather",
            "schedule",
        ):
            days = [Days.one(date(2013, 9, day)) for day in (1, 2, 3)]
            for one in days:
                here.book.gates.add(passed(f"datasets.{name}", one))
                publish(here, f"datasets.{name}", one.first, NOON - timedelta(hours=4))


def passed(table: str, days: Days) -> GateResult:
    return result(
        id=identify(table, days.key), table=table, days=days, verdict="pass", expectations=(), at=NOON
    )


@pytest.mark.parametrize(
    "text",
    [
        "no two rows share carrier, flight",
        "928 of 1393 rows",
        "quarantine/datasets.departures/2013-09-02/abc",
        "http://ui/contender/gates/g1",
        "http://ui/log",
        "datasets/departures.py:",
        'contender quarantine release f --reason "..."',
        "http://ui/contender/incidents/",
        "contender incidents ack",
    ],
)
def test_the_mail_of_a_failed_gate_has_failures_links_commands_and_the_contracts_line(installed, box, text):
    declared = installed.catalog.dataset("departures").contract.expectations[0]
    broken = result().expectations[0].model_copy(update={"same_as": describe(declared, 1)})
    failed = task("ingest__departures", task="admit.gate")
    raise_gate_failure(installed, result(expectations=(broken,)), failed, "http://ui/contender/gates/g1")
    (mail,) = send(installed, box)
    assert mail.subject == "[contender] departures 2013-09-02: gate failed on 1 check"
    assert mail.to == ("flight-data@contender.example",)
    assert text in mail.text
    assert text in mail.html


def test_tasks_that_fail_at_once_from_one_cause_are_one_mail(installed, box):
    refused = ConnectionRefusedError("refused")
    tasks = [task(f"operations__{n}", task=f"t{n}", days="") for n in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: raise_task_failure(installed, one, "ann@x.example", refused), tasks))
    (mail,) = send(installed, box)
    assert mail.to == ("ann@x.example", installed.settings.platform_owner)
    (incident,) = installed.book.incidents.unfinished()
    assert (
        incident.signals == len(incident.failures) == len(installed.book.incidents.events(incident.id)) == 12
    )


def test_a_failure_that_is_reported_again_changes_nothing(installed, box):
    for _ in range(2):
        raise_task_failure(installed, task("score__flight_delay"), "ann@x.example", ValueError())
    assert len(send(installed, box)) == 1
    assert installed.book.incidents.unfinished()[0].signals == 1


def test_an_incident_of_a_failed_gate_ends_although_the_clock_was_set_back(installed):
    right = datetime.now(UTC)
    wrong = right + timedelta(hours=1)
    failed = result(at=wrong)
    installed.book.gates.add(failed)
    failed_at = wrong + timedelta(seconds=9)
    raise_gate_failure(
        installed, failed, task("ingest__departures", failed_at, task="admit.gate"), "http://ui"
    )
    (incident,) = installed.book.incidents.unfinished()
    corrected = result(id="g2", verdict="pass", expectations=(), at=right)
    installed.book.gates.add(corrected)
    publish(installed, corrected.table, NIGHT, right)
    review_incidents(installed, right + timedelta(minutes=76))
    assert installed.book.incidents.get(incident.id).state == "recovered"


def test_a_missed_deadline_names_the_delivery_that_holds_it_up_before_it_is_overdue(installed, box):
    publish_inputs(installed, "departures")
    review_incidents(installed, datetime(2013, 9, 3, 10, tzinfo=UTC))
    (mail,) = send(installed, box)
    assert "predictions of flight_delay, night 2013-09-02" in mail.subject
    assert "held up by: delivery of departures, day 2013-09-02 is missing" in mail.subject
    assert mail.to == ("flight-models@contender.example", "flight-data@contender.example")


def test_a_night_without_its_worker_is_found_and_recovers_when_its_output_is_there(installed, box):
    publish_inputs(installed)
    review_incidents(installed, NOON)
    (late,) = send(installed, box)
    assert "held up by: features of flight_delay, night 2013-09-02 is missing" in late.subject
    review_incidents(installed, NOON + timedelta(hours=2))
    assert len(send(installed, box)) == 1
    done = NOON + timedelta(hours=3)
    publish(installed, "features.flight_delay", NIGHT + timedelta(days=1), done)
    publish(installed, "labels.flight_delay", NIGHT, done)
    review_incidents(installed, done)
    assert len(send(installed, box)) == 1, "predictions are still missing"
    publish(installed, "predictions.flight_delay", NIGHT + timedelta(days=1), done)
    review_incidents(installed, done)
    recovered = send(installed, box)[-1]
    assert "recovered:" in recovered.subject
    assert installed.book.incidents.unfinished() == []


def test_a_reminder_says_what_the_models_of_its_recipient_cost(installed, box):
    publish_inputs(installed, "departures")
    patient = _patient(installed)
    here = Installation(installed.settings, patient)
    model = patient.model(MODEL)
    mine = patient.model_copy(update={"models": {MODEL: model.model_copy(update={"owner": _owner(patient)})}})
    review_incidents(here, NOON)
    send(here, box)
    for catalog, said in ((patient, False), (mine, True)):
        later = NOON + timedelta(days=2 if said else 1)
        review_incidents(Installation(installed.settings, catalog), later)
        reminder = send(here, box)[-1]
        assert "still open" in reminder.subject
        assert (f"No night of {MODEL} has been recorded yet" in reminder.text) is said
        assert (f"No night of {MODEL} has been recorded yet" in reminder.html) is said


def test_the_check_reports_and_reminds_while_the_catalogue_of_the_lake_is_gone(installed, box):
    gone = f"postgresql+psycopg://reader@127.0.0.1:{free_port()}/catalogue"
    here = Installation(installed.settings.model_copy(update={"lake_catalog": gone}), installed.catalog)
    publish_inputs(here)
    review_incidents(here, NOON)
    (late,) = send(here, box)
    assert "features of flight_delay, night 2013-09-02 is missing" in late.subject
    review_incidents(here, NOON + timedelta(days=1))
    reminder = send(here, box)[-1]
    assert "still open" in reminder.subject
    assert f"What {MODEL} costs is not known at present" in reminder.text


def test_the_check_reports_what_is_missing_while_the_files_of_the_lake_are_gone(installed, box):
    night = Days.one(NIGHT)
    rows = source.rows_of("departures", night)
    contract = installed.catalog.dataset("departures").contract
    installed.lake.publish(contract, stage(rows, contract, night, installed.settings.staging))
    shutil.rmtree(installed.settings.lake)
    publish_inputs(installed, "departures")
    review_incidents(installed, NOON)
    subjects = " ".join(mail.subject for mail in send(installed, box))
    assert "delivery of departures, day 2013-09-02 is missing" in subjects


def _owner(catalog: Catalog) -> str:
    return catalog.dataset("departures").contract.owner


def test_a_late_delivery_at_night_that_arrives_before_work_is_no_mail(installed, box):
    publish_inputs(installed, "departures")
    here = Installation(
        installed.settings.model_copy(update={"quiet_hours": "08:00-20:00"}), _patient(installed)
    )
    review_incidents(here, NOON)
    assert [one.severity for one in here.book.incidents.unfinished()] == ["warning"]
    publish(here, "datasets.departures", NIGHT, NOON + timedelta(minutes=20))
    review_incidents(here, NOON + timedelta(minutes=25))
    assert send(here, box) == []
    assert here.book.incidents.newest()[0].state == "recovered"


def test_a_correction_that_failed_its_gate_is_not_over_because_the_day_was_published_before(installed):
    publish_inputs(installed)
    here = Installation(installed.settings, _patient(installed))
    raise_gate_failure(here, result(), task("ingest__departures", task="admit.gate"), "http://ui/g")
    review_incidents(here, NOON + timedelta(minutes=5))
    assert [one.cause.dag for one in here.book.incidents.unfinished()] == ["ingest__departures"]
    publish(here, "datasets.departures", NIGHT, NOON + timedelta(minutes=10))
    review_incidents(here, NOON + timedelta(minutes=15))
    assert here.book.incidents.unfinished() == []


def test_a_night_without_rows_has_no_predictions_that_could_be_missing(installed):
    publish_inputs(installed)
    for kind, day in (("features", NIGHT + timedelta(days=1)), ("labels", NIGHT)):
        empty = passed(f"{kind}.{MODEL}", Days.one(day)).model_copy(update={"rows": 0})
        installed.book.gates.add(empty)
    review_incidents(installed, NOON + timedelta(hours=8))
    assert installed.book.incidents.newest() == []


def test_an_operation_recovers_when_it_succeeds(installed, box):
    raise_task_failure(
        installed, task("operations__upkeep", task="keep_up", days=""), "p@x.example", ValueError()
    )
    report_success(installed, Step(dag="operations__upkeep", task="keep_up"))
    here = Installation(installed.settings.model_copy(update={"nightly_from": None}), installed.catalog)
    review_incidents(here, NOON + timedelta(minutes=5))
    assert ["failed" in mail.subject for mail in send(here, box)] == [True, True]
    assert here.book.incidents.unfinished() == []


def test_a_closed_incident_is_not_reported_again_and_the_audit_has_the_reason(installed, box):
    publish_inputs(installed, "departures")
    here = Installation(installed.settings, _patient(installed))
    review_incidents(here, NOON)
    (incident,) = here.book.incidents.unfinished()
    settle_incident(here, incident.id[:6], lambda one: close(one, "ann", "a holiday", NOON))
    review_incidents(here, NOON + timedelta(hours=8))
    assert here.book.incidents.unfinished() == []
    assert len(send(here, box)) == 1
    (act,) = read_audit(here.book, by="ann")
    assert (act.what, act.about, act.reason) == ("closed", "departures", "a holiday")


def test_the_check_does_not_open_the_lake_if_nothing_is_missing(installed):
    quiet = Installation(installed.settings.model_copy(update={"nightly_from": None}), installed.catalog)
    review_incidents(quiet, NOON)
    assert "lake" not in vars(quiet)


def _patient(here: Installation) -> Catalog:
    model = here.catalog.model(MODEL).model_copy(update={"scored_by": None})
    return here.catalog.model_copy(update={"models": {MODEL: model}})


def test_a_missing_backup_is_an_incident_until_there_is_one(installed, box):
    owner, morning = "platform@contender.example", datetime(2013, 9, 3, 10, 30, tzinfo=UTC)
    settings = installed.settings.model_copy(update={"backups": "s3://backups", "nightly_from": None})
    here = Installation(settings, installed.catalog)
    review_incidents(here, morning)
    review_incidents(here, morning + timedelta(minutes=5))
    (opened,) = send(here, box)
    assert owner in opened.to
    assert "backup, day 2013-09-03, due at 2013-09-03 10:30 UTC, is missing" in opened.subject
    here.book.acts.record(
        "backed up", "installation", "s3://backups/late", "ada", "by hand", at=morning + timedelta(hours=1)
    )
    review_incidents(here, morning + timedelta(hours=2))
    _, over = send(here, box)
    assert "recovered: backup, day 2013-09-03" in over.subject
