"""What has one cause is one incident: who is notified of it, when, and when it has recovered."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from contender.incidents import (
    Signal,
    WorkingHours,
    acknowledge,
    choose_reminders,
    close,
    due_backup,
    fingerprint_connection_error,
    grade,
    list_due,
    list_upstream,
    note_success,
    record_signal,
    recover,
    remind,
    send_waiting,
    signal_missing,
)
from contender.records import Failure, Step
from contender.specs import Catalog, Days, Input, dag_id

NIGHT = date(2013, 9, 2)
TUESDAY_NIGHT = datetime(2013, 9, 3, 4, tzinfo=UTC)
TUESDAY_NOON = datetime(2013, 9, 3, 12, tzinfo=UTC)
HOURS = WorkingHours()
MODEL = "flight_delay"
OWNER, PLATFORM = "owner@contender.example", "platform@contender.example"


def step(verb: str, name: str = MODEL, night: date = NIGHT, **values) -> Step:
    return Step(dag=dag_id(verb, name), days=Days.one(night), **values)


def signal(kind: str = "task", at: datetime = TUESDAY_NIGHT, **values) -> Signal:
    said = {"step": step("score"), "what": "it failed", "severity": "critical", "owners": (OWNER,)}
    return Signal(id=f"{kind} {at} {values}", kind=kind, at=at, **said | values)


def opened(catalog: Catalog, first: Signal):
    return record_signal(first, [], catalog, HOURS).incident


def joined(catalog: Catalog, first: Signal, second: Signal):
    """The outcome of a second signal after a first one."""
    return record_signal(second, [opened(catalog, first)], catalog, HOURS)


@pytest.fixture
def chained(catalog: Catalog) -> Catalog:
    """The catalog with a second model, which reads the predictions of the first."""
    first = catalog.model(MODEL)
    other = first.model_copy(update={"name": "refunds", "inputs": (Input(predictions_of=MODEL),)})
    return catalog.model_copy(update={"models": {MODEL: first, "refunds": other}})


def test_a_step_waits_for_the_deliveries_of_its_night_and_for_the_models_that_it_reads(chained):
    upstream = list_upstream(chained, step("score", "refunds"))
    assert step("ingest", "departures") in upstream
    assert step("ingest", "schedule", NIGHT + timedelta(days=1)) in upstream
    assert step("score") in upstream
    assert step("ingest", "planes") not in upstream
    assert upstream[-1] == step("features", "refunds")


@pytest.mark.parametrize(
    ("cause", "effect", "same"),
    [
        (step("ingest", "departures"), step("features"), True),
        (step("ingest", "departures"), step("monitor"), True),
        (step("ingest", "departures"), step("score", "refunds"), True),
        (step("features"), step("retrain"), True),
        (step("ingest", "departures"), step("features", night=NIGHT + timedelta(days=1)), False),
        (step("ingest", "planes"), step("features"), False),
        (step("score"), step("retrain"), False),
        (step("ingest", "departures"), step("ingest", "weather"), False),
    ],
    ids=str,
)
def test_what_a_failure_explains_joins_its_incident(chained, cause, effect, same):
    outcome = joined(chained, signal(step=cause), signal("missing", step=effect))
    assert (outcome.event.kind == "joined") == same
    assert (outcome.mail_to == ()) == same


def test_a_cause_that_is_found_later_becomes_the_cause_and_its_owner_is_notified(catalog):
    late = signal("missing", step=step("ingest", "departures"), owners=("data@x.example",), what="late")
    outcome = joined(catalog, signal(step=step("features")), late)
    assert outcome.incident.cause == late.step
    assert outcome.incident.what == "late"
    assert outcome.mail_to == ("data@x.example",)
    assert outcome.incident.owners == (OWNER, "data@x.example")


@pytest.mark.parametrize(("minutes", "kind"), [(20, "joined"), (40, "opened")])
def test_the_same_connection_error_within_half_an_hour_is_one_cause(catalog, minutes, kind):
    later = TUESDAY_NIGHT + timedelta(minutes=minutes)
    first = signal(step=step("ingest", "departures"), error="refused")
    assert (
        joined(catalog, first, signal(step=step("ingest", "weather"), error="refused", at=later)).event.kind
        == kind
    )


def test_other_errors_of_other_steps_are_other_causes(catalog):
    first, second = signal(step=step("ingest", "departures")), signal(step=step("ingest", "weather"))
    assert joined(catalog, first, second).event.kind == "opened"


@pytest.mark.parametrize(("topic", "mailed"), [("one", False), ("other", True)])
def test_another_batch_that_fails_its_gate_is_news(catalog, topic, mailed):
    first, again = signal("gate", topic="one"), signal("gate", topic=topic, what="again")
    assert bool(joined(catalog, first, again).mail_to) == mailed


@pytest.mark.parametrize(
    ("severity", "at", "held"),
    [
        ("critical", TUESDAY_NIGHT, False),
        ("warning", TUESDAY_NIGHT, True),
        ("warning", TUESDAY_NOON, False),
        ("warning", TUESDAY_NOON + timedelta(days=4), True),
    ],
)
def test_a_warning_waits_for_working_hours(catalog, severity, at, held):
    outcome = record_signal(signal(severity=severity, at=at), [], catalog, HOURS)
    assert outcome.held == held
    assert outcome.incident.notified != held


def test_the_hours_are_those_of_the_platforms_zone():
    assert WorkingHours(zone="Asia/Tokyo").include(datetime(2013, 9, 3, 0, tzinfo=UTC))
    assert not WorkingHours(zone="America/New_York").include(datetime(2013, 9, 3, 11, tzinfo=UTC))
    assert not WorkingHours(quiet_from=time(12), quiet_until=time(13)).include(TUESDAY_NOON)


def test_waiting_mails_are_sent_once_when_working_hours_begin(catalog):
    incident = opened(catalog, signal(severity="warning"))
    assert send_waiting(incident, TUESDAY_NIGHT, HOURS) is None
    outcome = send_waiting(incident, TUESDAY_NOON, HOURS)
    assert outcome.released == incident.waiting
    assert send_waiting(outcome.incident, TUESDAY_NOON, HOURS) is None


def test_an_incident_that_becomes_critical_is_reported_at_once(catalog):
    outcome = joined(catalog, signal(severity="warning"), signal("deadline", what="late"))
    assert outcome.event.kind == "escalated"
    assert outcome.released
    assert outcome.mail_to == (OWNER,)
    assert not outcome.held
    assert outcome.incident.notified


def test_an_incident_recovers_when_all_of_its_failures_are_over(catalog):
    incident = joined(catalog, signal(step=step("features")), signal("missing")).incident
    first, second = incident.failures
    assert recover(incident, [first], TUESDAY_NOON, HOURS) is None
    outcome = recover(incident, [first, second], TUESDAY_NOON, HOURS)
    assert outcome.incident.state == "recovered"
    assert outcome.mail_to == incident.owners


def test_an_incident_whose_mail_still_waits_recovers_without_any_mail(catalog):
    incident = opened(catalog, signal(severity="warning"))
    outcome = recover(incident, incident.failures, TUESDAY_NIGHT + timedelta(hours=1), HOURS)
    assert outcome.mail_to == ()
    assert outcome.dropped == incident.waiting


def test_a_step_that_failed_again_since_it_was_read_has_not_recovered(catalog):
    first = signal()
    before = opened(catalog, first)
    again = record_signal(signal(at=TUESDAY_NOON), [before], catalog, HOURS).incident
    assert recover(again, before.failures, TUESDAY_NOON, HOURS) is None


def test_the_failures_of_two_tables_of_a_step_end_separately(catalog):
    labels, features = step("features", table="labels.x"), step("features", table="features.x")
    incident = joined(catalog, signal("gate", step=labels), signal("gate", step=features)).incident
    assert [failure.step for failure in incident.failures] == [labels, features]


def test_after_its_task_succeeded_any_output_ends_a_failure(catalog):
    incident = opened(catalog, signal(step=step("score", task="announce")))
    assert note_success(incident, step("score", task="other")) == incident
    assert note_success(incident, step("score", task="announce")).failures[0].since is None


def test_a_task_without_days_ends_its_failure_when_it_succeeds(catalog):
    task = Step(dag="operations__upkeep", task="keep_up")
    done = note_success(opened(catalog, signal(step=task)), task)
    assert recover(done, [], TUESDAY_NOON, HOURS).incident.state == "recovered"


def reminded_after(catalog: Catalog, days: int) -> list[int]:
    """The days after which an owner is reminded, if the check runs at noon every day from a Monday on."""
    monday = datetime(2013, 9, 2, 12, tzinfo=UTC)
    incident, found = opened(catalog, signal(at=monday)), []
    for day in range(days):
        now = monday + timedelta(days=day)
        if choose_reminders([incident], now, WorkingHours(quiet_from=time(0), quiet_until=time(0))):
            found.append(day)
            incident = remind(incident, now, HOURS).incident
    return found


def test_owners_are_reminded_ever_more_rarely_on_working_days(catalog):
    assert reminded_after(catalog, 40) == [1, 2, 4, 8, 16, 32]


def test_an_owner_gets_one_reminder_of_all_incidents(catalog):
    found = [opened(catalog, signal(step=step("ingest", name))) for name in ("departures", "weather")]
    later = TUESDAY_NOON + timedelta(days=1)
    assert choose_reminders(found, later, HOURS) == {OWNER: tuple(found)}
    assert choose_reminders(found, TUESDAY_NIGHT + timedelta(days=1), HOURS) == {}


def test_no_one_is_reminded_of_an_acknowledged_incident(catalog):
    taken = acknowledge(opened(catalog, signal()), "ann", TUESDAY_NOON).incident
    assert choose_reminders([taken], TUESDAY_NOON + timedelta(days=1), HOURS) == {}
    assert recover(taken, taken.failures, TUESDAY_NOON, HOURS).mail_to == (OWNER,)


def test_closing_drops_what_waits_and_keeps_reason_and_person(catalog):
    incident = opened(catalog, signal(severity="warning"))
    outcome = close(incident, "ann", "no longer needed", TUESDAY_NOON)
    assert (outcome.incident.state, outcome.dropped) == ("closed", incident.waiting)
    assert (outcome.event.by, outcome.event.what) == ("ann", "no longer needed")


@pytest.mark.parametrize(
    ("dag", "urgency"),
    [
        ("ingest__departures", "critical"),
        ("ingest__planes", "warning"),
        ("features__flight_delay", "critical"),
        ("score__flight_delay", "critical"),
        ("retrain__flight_delay", "warning"),
        ("monitor__flight_delay", "warning"),
        ("operations__upkeep", "warning"),
    ],
)
def test_what_tonights_predictions_depend_on_is_critical(catalog, dag, urgency):
    assert grade(catalog, dag) == urgency


def refused(port: int) -> Exception:
    try:
        try:
            raise ConnectionRefusedError(111, f"connect to 10.0.0.1:{port} refused")
        except OSError as error:
            raise RuntimeError("the lake cannot be opened") from error
    except RuntimeError as error:
        return error


def test_a_connection_error_is_recognised_by_its_cause_whatever_its_numbers():
    assert fingerprint_connection_error(refused(5432)) == fingerprint_connection_error(refused(5433))
    assert "ConnectionRefusedError" in fingerprint_connection_error(refused(1))


def test_a_fingerprint_has_no_password():
    error = ConnectionRefusedError("postgresql://ann:l0velace@db/base: refused")
    assert "l0velace" not in fingerprint_connection_error(error)


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("y"), "text", None])
def test_other_errors_have_no_fingerprint(error):
    assert fingerprint_connection_error(error) is None


BEGAN = date(2013, 8, 1)


def due_at(catalog: Catalog, now: datetime):
    return {(one.step.dag, one.step.days.key, one.deadline) for one in list_due(catalog, now, BEGAN)}


def with_deadline(catalog: Catalog, **values) -> Catalog:
    model = catalog.model(MODEL).model_copy(update=values)
    return catalog.model_copy(update={"models": {MODEL: model}})


def test_features_and_predictions_are_due_after_the_last_grace_period_and_an_allowance(catalog):
    # The grace period of departures ends at 11:30.
    early, late = datetime(2013, 9, 3, 13, 29, tzinfo=UTC), datetime(2013, 9, 3, 13, 30, tzinfo=UTC)
    for verb in ("features", "score"):
        assert (f"{verb}__{MODEL}", "2013-09-01", False) in due_at(catalog, early)
        assert (f"{verb}__{MODEL}", "2013-09-02", False) in due_at(catalog, late)


@pytest.mark.parametrize(
    ("zone", "now", "night"),
    [
        (None, "2013-09-03T04:59+00:00", "2013-09-01"),
        (None, "2013-09-03T05:00+00:00", "2013-09-02"),
        ("Europe/Berlin", "2013-09-03T02:59+00:00", "2013-09-01"),
        ("Europe/Berlin", "2013-09-03T03:00+00:00", "2013-09-02"),
    ],
)
def test_predictions_are_due_on_the_morning_after_the_night(catalog, zone, now, night):
    spec = with_deadline(catalog, scored_by=time(5), scored_by_zone=zone)
    assert (f"score__{MODEL}", night, True) in due_at(spec, datetime.fromisoformat(now))


@pytest.mark.parametrize(
    ("missing", "rejected", "held_up_by"),
    [
        (["score"], [], None),
        (["features", "score"], [], "features of flight_delay, night 2013-09-02 is missing"),
        (["departures", "features", "score"], [], "delivery of departures, day 2013-09-02 is missing"),
        (["departures", "features", "score"], ["departures"], "departures, day 2013-09-02 failed its gate"),
    ],
)
def test_a_missed_deadline_names_the_first_step_that_is_missing(catalog, missing, rejected, held_up_by):
    spec = with_deadline(catalog, scored_by=time(5))
    (due,) = [one for one in list_due(spec, datetime(2013, 9, 3, 5, tzinfo=UTC), BEGAN) if one.deadline]
    steps = {
        "departures": step("ingest", "departures"),
        "features": step("features"),
        "score": step("score"),
    }
    found = signal_missing(
        spec, due, {steps[name] for name in missing}, {steps[name] for name in rejected}, TUESDAY_NIGHT
    )
    assert found.severity == "critical"
    assert found.step == steps[missing[0]]
    if held_up_by is None:
        assert "held up" not in found.what
    else:
        assert held_up_by in found.what
        assert found.held_up == step("score")


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2013, 9, 3, 10, 29, tzinfo=UTC), "2013-09-02"),
        (datetime(2013, 9, 3, 10, 30, tzinfo=UTC), "2013-09-03"),
        (datetime(2013, 9, 3, 23, 0, tzinfo=ZoneInfo("America/New_York")), "2013-09-03"),
    ],
)
def test_a_backup_is_due_four_hours_after_it_begins(now, day):
    due = due_backup(now, PLATFORM)
    assert (due.step.dag, due.step.days.key) == ("operations__backup", day)
    assert due.due <= now < due.due + timedelta(days=1)


def test_what_exists_is_not_missing(catalog):
    (due, *_) = list_due(catalog, TUESDAY_NOON, BEGAN)
    assert signal_missing(catalog, due, (), (), TUESDAY_NOON) is None


def test_steps_without_days_are_the_same_only_for_the_same_task():
    one = Step(dag="operations__upkeep", task="keep_up")
    assert one.same_as(one)
    assert not one.same_as(one.model_copy(update={"task": "other"}))
    assert not one.same_as(Step(dag="operations__upkeep", days=Days.one(NIGHT), task="keep_up"))


def test_a_failure_of_a_range_explains_what_misses_its_days(catalog):
    week = Days(first=NIGHT, last=NIGHT + timedelta(days=6))
    incident = opened(catalog, signal(step=Step(dag="ingest__departures", days=week)))
    assert incident.failures == (
        Failure(step=Step(dag="ingest__departures", days=week), since=TUESDAY_NIGHT),
    )
    late = signal("missing", step=step("features", night=NIGHT + timedelta(days=3)))
    assert record_signal(late, [incident], catalog, HOURS).event.kind == "joined"
