"""Tonight's page: each model's night as steps, a forecast, and the answer in one sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.planning import answer_tonight, combine, hide_unreadable, judge_night, read_tonight
from contender.planning.costs import Cost
from contender.planning.deliveries import Awaited
from contender.planning.tonight import STEPS, SeenNight, SeenRun, SeenStep, choose_night
from contender.records import Failure, FitVerdict, GateResult, Incident, Monitored, Publication, Step
from contender.specs import Days, dag_id
from night_runs import read_days
from tests.unit.test_page_rendering import text_of
from tonight_pages import show

NIGHT = date(2013, 9, 1)
NOW = datetime(2013, 9, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
COSTS = (
    Cost(step="features", seconds=600, nights=3),
    Cost(step="training", seconds=900, nights=3),
    Cost(step="scoring", seconds=300, nights=3),
)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2013, 9, 2, hour, minute, tzinfo=UTC)


def seen(verb: str, name: str = "churn", **values) -> SeenStep:
    """A step that has not begun."""
    return SeenStep(step=Step(dag=dag_id(verb, name), days=Days.one(NIGHT)), **{"present": False, **values})


def given_as(state: str, expected_at: datetime | None = None) -> Awaited:
    return Awaited(table="datasets.sales", day=Days.one(NIGHT), state=state, expected_at=expected_at)


def night(*done: str, model: str = "churn", deadline: datetime | None = None, **changed) -> SeenNight:
    """A night of which these steps are done at five o'clock; `changed` replaces fields of the other steps."""
    steps = [
        seen(verb, "sales" if verb == "ingest" else model, present=True, at=at(5))
        if verb in done
        else seen(verb, "sales" if verb == "ingest" else model, **changed.get(verb, {}))
        for verb in STEPS
    ]
    return SeenNight(model=model, night=NIGHT, steps=tuple(steps), deadline=deadline, costs=COSTS)


def states(row) -> list[str]:
    return [step.state for step in row.steps]


@pytest.mark.parametrize(
    ("now", "nightly_from", "newest", "found"),
    [
        (NOW, None, None, None),
        (NOW, None, date(2012, 1, 1), date(2012, 1, 1)),
        (NOW, date(2013, 1, 1), None, NIGHT),
        (NOW, date(2013, 1, 1), date(2013, 9, 5), NIGHT),
        (NOW, date(2013, 9, 4), None, date(2013, 9, 4)),
        (datetime(2013, 9, 2, 1, tzinfo=UTC), date(2013, 1, 1), None, NIGHT),
    ],
)
def test_tonight_is_the_day_that_ended_last_or_without_a_schedule_the_newest_night(
    now, nightly_from, newest, found
):
    assert choose_night(now, nightly_from, newest) == found


@pytest.mark.parametrize(
    ("values", "state", "why"),
    [
        ({"present": True}, "done", ""),
        ({"present": True, "rejected": True, "due": NOW}, "done", ""),
        ({"present": True, "delivery": given_as("closed")}, "done", "closed day"),
        ({"run": SeenRun(run_id="r", state="running"), "rejected": True}, "running", ""),
        ({"run": SeenRun(run_id="r", state="running"), "due": at(5)}, "running", "due since 05:00 UTC"),
        ({"rejected": True, "due": NOW}, "failed", "failed its gate"),
        ({"incident": "i"}, "failed", "its run failed"),
        ({"run": SeenRun(run_id="r", state="failed")}, "failed", "its run failed"),
        (
            {"due": at(5), "run": SeenRun(run_id="r", state="queued")},
            "late",
            "due since 2013-09-02 05:00 UTC",
        ),
        ({"run": SeenRun(run_id="r", state="queued")}, "waiting", "queued"),
        ({"delivery": given_as("expected", at(7))}, "waiting", "expected at 07:00 UTC"),
        ({"delivery": given_as("expected", at(5))}, "waiting", "expected since 05:00 UTC"),
        ({"delivery": given_as("landed", at(5))}, "waiting", "delivered, not published yet"),
        ({"idle": "no version serves yet"}, "waiting", "no version serves yet"),
        ({}, "waiting", ""),
    ],
)
def test_the_state_of_a_step(values, state, why):
    (row,) = judge_night(
        SeenNight(model="churn", night=NIGHT, steps=(seen("features", **values),)), NOW
    ).steps
    assert (row.state, row.why) == (state, why)


@pytest.mark.parametrize(
    ("seen_night", "answer"),
    [
        (night("ingest", "features", "score"), "churn has tonight's predictions."),
        (
            SeenNight(model="churn", night=None),
            "churn has no predictions of tonight yet: it waits for its first load.",
        ),
        (
            night(ingest={"delivery": given_as("expected", at(7))}),
            "churn has no predictions of tonight yet: it waits for delivery of sales (expected at 07:00 UTC).",
        ),
        (
            night(ingest={"due": at(5)}),
            "churn has no predictions of tonight yet: it is late: delivery of sales is missing.",
        ),
        (
            night("ingest", features={"rejected": True}),
            "churn has no predictions of tonight yet: it is held up: features of churn failed.",
        ),
        (
            night("ingest", features={"run": SeenRun(run_id="r", state="running")}),
            "churn has no predictions of tonight yet: it is in progress: features of churn.",
        ),
        (
            night("ingest", "features", score={"idle": "no version serves yet"}),
            "churn has no predictions of tonight yet: it waits for scoring (no version serves yet).",
        ),
        (
            night("ingest", "features", score={"due": at(5)}),
            "churn has no predictions of tonight yet: it is late: predictions are missing.",
        ),
        # Training and monitoring do not hold up predictions.
        (
            night("ingest", "features", "score", retrain={"rejected": True}),
            "churn has tonight's predictions.",
        ),
    ],
)
def test_the_answer_about_one_model_names_what_it_waits_for(seen_night, answer):
    assert answer_tonight([judge_night(seen_night, NOW)]) == answer


def rows(scored: int, late: int) -> list:
    done = [judge_night(night("ingest", "features", "score", model=f"a{n}"), NOW) for n in range(scored)]
    return done + [judge_night(night("ingest", model=f"b{n}"), NOW) for n in range(late)]


@pytest.mark.parametrize(
    ("scored", "late", "answer"),
    [
        (0, 0, "There is no model that you may see."),
        (4, 0, "All 4 models have tonight's predictions."),
        (3, 1, "3 of 4 models have tonight's predictions; b0 waits for features of b0."),
        (
            1,
            5,
            "1 of 6 models has tonight's predictions; b0 waits for features of b0; b1 waits for features of b1; "
            "b2 waits for features of b2; 2 more wait.",
        ),
        (
            0,
            2,
            "None of 2 models has tonight's predictions; b0 waits for features of b0; b1 waits for features of b1.",
        ),
    ],
)
def test_the_answer_counts_models_and_names_three_reasons(scored, late, answer):
    assert answer_tonight(rows(scored, late)) == answer


@pytest.mark.parametrize(
    ("seen_night", "forecast"),
    [
        (night("ingest", "features"), at(6)),  # 05:05 is over: now
        (night("ingest"), at(6)),
        (night(ingest={"delivery": given_as("expected", at(7))}), at(7, 15)),
        (night(ingest={"delivery": given_as("landed", at(5))}), at(6, 15)),
        (night(ingest={"delivery": given_as("expected")}), None),
        (night(ingest={"delivery": given_as("quarantined", at(5)), "rejected": True}), None),
        (night("ingest", "features", "score"), None),
        (night("ingest", "features", score={"idle": "no version serves yet"}), None),
        (night("ingest", "features").model_copy(update={"costs": ()}), None),
        (SeenNight(model="churn", night=None), None),
    ],
)
def test_the_forecast_adds_usual_durations_to_what_is_there_or_expected(seen_night, forecast):
    assert judge_night(seen_night, NOW).forecast == forecast


@pytest.mark.parametrize(
    ("done", "deadline", "missed", "at_risk"),
    [
        (("ingest", "features", "score"), at(5, 30), False, False),
        (("ingest", "features", "score"), at(4), True, False),
        (("ingest", "features"), at(5, 30), True, False),
        ((), at(6, 30), False, True),
        ((), at(8), False, False),
        ((), None, False, False),
    ],
)
def test_a_deadline_is_missed_or_at_risk(done, deadline, missed, at_risk):
    waiting = {"ingest": {"delivery": given_as("expected", at(7))}}
    row = judge_night(night(*done, deadline=deadline, **({} if done else waiting)), NOW)
    assert (row.missed, row.at_risk) == (missed, at_risk)


def test_steps_together_have_the_worst_state():
    row = judge_night(night("ingest", features={"rejected": True}, score={"due": at(5)}), NOW)
    assert combine(row.steps) == "failed"
    assert combine(row.of("ingest")) == "done"
    assert combine(()) is None


def test_steps_of_unreadable_dags_are_not_named():
    row = hide_unreadable(
        judge_night(night(ingest={"rejected": True}), NOW), {"score__churn", "features__churn"}
    )
    assert [step.verb for step in row.steps] == ["features", "score"]
    assert row.hidden == 3
    assert "sales" not in answer_tonight([row])


moments = st.timedeltas(-2 * HOUR, 50 * HOUR).map(lambda later: NOW + later)


@given(st.sets(st.sampled_from(STEPS)), moments, moments)
def test_a_forecast_is_never_in_the_past_and_only_for_missing_predictions(done, now, expected):
    row = judge_night(night(*done, ingest={"delivery": given_as("expected", expected)}), now)
    assert row.forecast is None or (row.forecast >= now and not row.scored)
    assert row.scored == ("score" in done)
    assert answer_tonight([row]).endswith(".")


MODEL = "flight_delay"


def no_runs(steps):
    return {}


def gated(table: str, day: date, verdict: str = "pass", rows: int = 5) -> GateResult:
    return GateResult(
        id=f"gate of {table} {day} {verdict}",
        table=table,
        owner="a@b.example",
        days=Days.one(day),
        run="r",
        verdict=verdict,
        rows=rows,
        fingerprint=f"{table}{day}",
        expectations=(),
        at=at(5),
    )


@pytest.fixture
def begin(installation):
    """Record batches as published, or as rejected."""

    def record(table: str, day: date, verdict: str = "pass") -> None:
        book, gate = installation.book, gated(table, day, verdict)
        book.gates.add(gate)
        if verdict != "fail":
            one = Publication(
                id=gate.id, table=table, days=gate.days, run="r", rows=5, fingerprint="f", at=at(5)
            )
            book.publications.intend(one)
            book.publications.confirm(one.id)

    return record


def read(installation, find_runs=no_runs):
    model = installation.catalog.model(MODEL)
    (found,) = read_tonight(installation, [model], NOW, find_runs)
    return judge_night(found, NOW)


def test_a_model_without_records_waits_for_its_first_load(installation):
    by_hand = installation.settings.model_copy(update={"nightly_from": None})
    row = read(replace(installation, settings=by_hand))
    assert row.night is None
    assert answer_tonight([row]).endswith("waits for its first load.")


def test_a_night_is_read_from_the_book(installation, begin):
    begin("datasets.departures", NIGHT)
    begin("datasets.weather", NIGHT, "fail")
    begin("datasets.schedule", NIGHT + timedelta(days=1))
    row = read(installation, lambda steps: {step: SeenRun(run_id="x", state="queued") for step in steps})
    found = {f"{step.verb} {step.subject}": step for step in row.steps}
    assert row.night == NIGHT
    assert [found[f"ingest {name}"].state for name in ("departures", "weather", "schedule")] == [
        "done",
        "failed",
        "done",
    ]
    assert found["ingest weather"].gate == f"gate of datasets.weather {NIGHT} fail"
    assert found["ingest schedule"].step.days == Days.one(NIGHT + timedelta(days=1))
    assert found[f"features {MODEL}"].why == "queued"
    assert found[f"score {MODEL}"].why == "no version serves yet"


def test_a_finished_night_is_done(installation, begin):
    for namespace, day in (("features", 2), ("labels", 1), ("predictions", 2), ("shadow", 2)):
        begin(f"{namespace}.{MODEL}", date(2013, 9, day))
    installation.book.monitored.add(
        Monitored(
            id="m",
            model=MODEL,
            day=NIGHT,
            version=1,
            measures=None,
            expected_loss=None,
            verdict="stable",
            action="",
        )
    )
    row = read(installation)
    assert row.scored
    assert [step.state for step in row.steps if step.verb != "ingest"] == ["done"] * 4


def test_a_night_in_which_no_fit_is_due_says_so(installation, begin):
    begin(f"shadow.{MODEL}", date(2013, 9, 2))
    verdict = FitVerdict(model=MODEL, night=NIGHT, due=False, why="weekly, on sunday")
    installation.book.fit_verdicts.add(verdict)
    (retrain,) = read(installation).of("retrain")
    assert (retrain.state, retrain.why) == ("done", "no fit was due: weekly, on sunday")


def test_a_night_that_was_loaded_in_a_range_is_done(installation, begin):
    begin("datasets.departures", NIGHT)
    loaded = Days(first=date(2013, 8, 1), last=NIGHT + timedelta(days=1))
    for table in (f"features.{MODEL}", f"labels.{MODEL}"):
        one = Publication(id=table, table=table, days=loaded, run="r", rows=5, fingerprint="f", at=at(5))
        installation.book.publications.intend(one)
        assert [step.state for step in read(installation).of("features")] != ["done"]
        installation.book.publications.confirm(one.id)
    assert [step.state for step in read(installation).of("features")] == ["done"]


def test_a_task_that_failed_is_found_in_its_incident(installation, begin):
    begin("datasets.departures", NIGHT)
    step = Step(dag=dag_id("features", MODEL), days=Days.one(NIGHT), task="build")
    installation.book.incidents.add(
        Incident(
            id="i",
            kind="task",
            cause=step,
            what="w",
            severity="critical",
            owners=("o",),
            failures=(Failure(step=step, since=at(5)),),
            opened=at(5),
            changed=at(5),
        )
    )
    (features,) = read(installation).of("features")
    assert (features.state, features.incident) == ("failed", "i")


def test_the_page_begins_with_the_answer_and_links_each_step_to_its_run():
    row = judge_night(
        night("ingest", features={"run": SeenRun(run_id="a/b+c", state="running")}, deadline=at(8)), NOW
    )
    html = show([row], {step.step.dag for step in row.steps}).body.decode()
    assert "it is in progress: features of churn." in html
    assert 'href="/dags/features__churn/runs/a%2Fb%2Bc" class="running">running</a>' in html
    assert '<time datetime="2013-09-02T08:00:00+00:00" title="2013-09-02 08:00 UTC">08:00 UTC</time>' in html
    assert html.index("in progress") < html.index("The night of each model")


def test_the_page_names_no_step_of_a_dag_that_the_user_may_not_read():
    row = judge_night(night("ingest", features={"rejected": True}), NOW)
    html = show([row], {"score__churn"}).body.decode()
    assert "sales" not in html
    assert "4 more steps belong to DAGs that you may not read." in text_of(html)


@pytest.mark.parametrize(
    ("key", "conf", "days"),
    [
        ("2013-09-01", {}, "2013-09-01"),
        ("2013-09-01", None, "2013-09-01"),
        (None, {"day": "2013-09-01", "quarantined": None}, "2013-09-01"),
        (None, {"first": "2013-09-01", "last": "2013-09-03"}, "2013-09-01..2013-09-03"),
        (None, {}, ""),
        (None, {"day": "yesterday"}, ""),
    ],
)
def test_the_days_of_a_run_are_its_partition_key_or_those_of_its_form(key, conf, days):
    assert read_days(key, conf) == days
