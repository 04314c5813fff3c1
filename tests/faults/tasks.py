"""A night as its DAGs run it: the same functions of the engine in the same order, with JSON between the tasks.

dags/ingest.py, features.py, score.py, retrain.py, monitor.py and quarantine.py, and plugins/wiring.py and promotion.py,
call these functions. What Airflow itself keeps (XComs, asset events) and what a mail server has received is `Outside`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from contender import retraining
from contender.admission import (
    decide_quarantined,
    gate_batch,
    list_quarantined,
    publish_batch,
    receive_batch,
    starts_downstream,
)
from contender.alerting import FailedTask, deliver_pending, raise_gate_failure, review_incidents
from contender.batch_scoring import score_by_ledger
from contender.errors import PermanentError
from contender.featurizing import Plan, collect, plan_features
from contender.installation import Installation
from contender.lake import Published
from contender.monitoring import Changes, Performance, compare_day, keep_conclusion, measure_performance
from contender.records import Alert, Decision, Evaluation, Evidence, GateResult, StagedBatch, TrainedVersion
from contender.retraining import InstalledStores
from contender.specs import Days, dag_id
from tests.faults.store_calls import BUILD, SEND, Reach, reaching
from tests.faults.world import MODEL, SALES, build

Json = Any


@dataclass
class Outside:
    """What is kept outside the stores: results of tasks, announced days, mails that arrived; `of` is the DAG run's."""

    of: str = "night"
    xcoms: dict[str, Json] = field(default_factory=dict)
    announced: list[str] = field(default_factory=list)
    received: list[str] = field(default_factory=list)


class Attempt(NamedTuple):
    """What a task is given: an installation opened by its own process, its run and night, and what is outside."""

    here: Installation
    run: str
    night: date
    outside: Outside
    reach: Reach

    @property
    def day(self) -> Days:
        """The day of the night."""
        return Days.one(self.night)

    def read(self, kind: type[Any], task: str, output: str | None = None) -> Any:
        """Return the result of an earlier task, or one of its outputs, as a record."""
        result = self.outside.xcoms[task]
        return kind.model_validate(result if output is None else result[output])

    def read_all(self, kind: type[Any], task: str) -> list[Any]:
        """Return the result of an earlier task as records."""
        return [kind.model_validate(one) for one in self.outside.xcoms[task]]

    def deliver(self) -> None:
        """Send the pending mails to a server that accepts them."""

        def accept(alert: Alert) -> None:
            self.outside.received.append(alert.id)

        deliver_pending(self.here.book, {"mail": reaching(SEND, self.reach, accept)})


class Task(NamedTuple):
    """A task of a night: its DAG's verb, its name, what it does; its result is JSON."""

    verb: str
    name: str
    run: Callable[[Attempt], Json]

    @property
    def title(self) -> str:
        """The name in schedules and on the page."""
        return f"{self.verb}.{self.name}"


class GateFailed(PermanentError):  # noqa: N818 - it is a state, not a mistake
    """A batch failed its gate: Airflow's task fails without a retry."""


def _dump(record: Any) -> Json:
    return record.model_dump(mode="json")


def _dump_all(records: Any) -> Json:
    return [_dump(record) for record in records]


def _stores(attempt: Attempt) -> InstalledStores:
    return InstalledStores(attempt.here, MODEL)


def _land(attempt: Attempt) -> Json:
    released = attempt.outside.xcoms.get("quarantine.release")
    return _dump(receive_batch(attempt.here, SALES.name, attempt.day, released))


def _gate(staged_by: str, output: str | None = None) -> Callable[[Attempt], Json]:
    def gate(attempt: Attempt) -> Json:
        batch = attempt.read(StagedBatch, staged_by, output)
        result = gate_batch(attempt.here, batch, attempt.run)
        if result.verdict == "fail":
            raise GateFailed(f"{batch.table} {batch.days.key} failed its gate")
        return result.verdict

    return gate


def _reject(attempt: Attempt) -> Json:
    try:
        return _gate("rejected.land")(attempt)
    except GateFailed as error:
        return str(error)


def _publish(staged_by: str, output: str | None = None) -> Callable[[Attempt], Json]:
    return lambda attempt: _dump(
        publish_batch(attempt.here, attempt.read(StagedBatch, staged_by, output), attempt.run)
    )


def _announce(published_by: str) -> Callable[[Attempt], Json]:
    def announce(attempt: Attempt) -> Json:
        published = attempt.read(Published, published_by)
        return (
            f"{published.table} {published.days.key}" if starts_downstream(attempt.here, published) else None
        )

    return announce


def _plan(attempt: Attempt) -> Json:
    here = attempt.here
    return _dump(plan_features(here.catalog, MODEL, attempt.day, here.lake, here.settings))


def _build(attempt: Attempt) -> Json:
    reaching(BUILD, attempt.reach, build)(attempt.read(Plan, "features.plan"))


def _collect(attempt: Attempt) -> Json:
    batches = collect(MODEL, attempt.read(Plan, "features.plan"), attempt.here.settings)
    return {output: _dump(batch) for output, batch in batches.items()}


def _score(attempt: Attempt) -> Json:
    return _dump(score_by_ledger(attempt.here, MODEL, attempt.day))


def _train(attempt: Attempt) -> Json:
    return [
        _dump(retraining.fit_version(_stores(attempt), recipe.name, attempt.night))
        for recipe in MODEL.recipes
    ]


def _evaluate(attempt: Attempt) -> Json:
    versions = attempt.read_all(TrainedVersion, "retrain.train")
    return _dump_all(retraining.evaluate_versions(_stores(attempt), versions))


def _pair(attempt: Attempt) -> Json:
    versions = attempt.read_all(TrainedVersion, "retrain.train")
    return _dump_all(retraining.pair_streams(_stores(attempt), attempt.night, versions))


def _decide(attempt: Attempt) -> Json:
    evaluations = attempt.read_all(Evaluation, "retrain.evaluate")
    evidence = attempt.read_all(Evidence, "retrain.pair")
    return _dump_all(retraining.decide(_stores(attempt), evaluations, evidence))


def _promote(attempt: Attempt) -> Json:
    decisions = attempt.read_all(Decision, "retrain.decide")
    return _dump_all(retraining.promote(_stores(attempt), decisions).waiting)


def _score_in_shadow(attempt: Attempt) -> Json:
    versions = attempt.read_all(TrainedVersion, "retrain.train")
    return _dump(retraining.score_in_shadow(_stores(attempt), attempt.night, versions))


def _measure(attempt: Attempt) -> Json:
    return _dump(measure_performance(attempt.here, MODEL, attempt.night))


def _compare(attempt: Attempt) -> Json:
    return _dump(compare_day(attempt.here, MODEL, attempt.night))


def _conclude(attempt: Attempt) -> Json:
    measured = attempt.read(Performance, "monitor.measure")
    changed = attempt.read(Changes, "monitor.compare")
    return _dump(keep_conclusion(MODEL, measured, changed, attempt.run, attempt.here.book))


def _notify(attempt: Attempt) -> Json:
    """Do what the failure callback of the gate's task does."""
    (waiting,) = list_quarantined(attempt.here)
    result: GateResult = waiting.result
    failed = FailedTask(
        dag=dag_id("ingest", SALES.name),
        task="admit.gate",
        run="rejected",
        days=attempt.day.key,
        error="the batch failed its gate",
        log_url="http://airflow",
        table=result.table,
        at=result.at,
    )
    raise_gate_failure(attempt.here, result, failed, "http://airflow/gate")
    attempt.deliver()


def _release(attempt: Attempt) -> Json:
    (waiting,) = list_quarantined(attempt.here)
    run = decide_quarantined(attempt.here, waiting.id, "release", "ann", "the other shops were closed")
    assert run is not None
    return run.conf["quarantined"]


def _review(attempt: Attempt) -> Json:
    if review_incidents(attempt.here, working_time()):
        attempt.deliver()


def _deliver(attempt: Attempt) -> Json:
    attempt.deliver()


def working_time() -> datetime:
    """Return the next noon of a Wednesday, when mails may be sent."""
    now = datetime.now(UTC)
    noon = now.replace(hour=12, minute=0, second=0) + timedelta(days=1)
    return noon + timedelta(days=(2 - noon.weekday()) % 7)


def _admit(verb: str, staged_by: str, output: str | None = None) -> tuple[Task, ...]:
    of = "" if output is None else f" {output}"
    return (
        Task(verb, f"gate{of}", _gate(staged_by, output)),
        Task(verb, f"publish{of}", _publish(staged_by, output)),
    )


INGEST = (
    Task("ingest", "land", _land),
    *_admit("ingest", "ingest.land"),
    Task("ingest", "announce", _announce("ingest.publish")),
)
FEATURES = (
    Task("features", "plan", _plan),
    Task("features", "build", _build),
    Task("features", "collect", _collect),
    *_admit("features", "features.collect", "labels"),
    *_admit("features", "features.collect", "features"),
    Task("features", "announce", _announce("features.publish features")),
)
SCORE = (
    Task("score", "score", _score),
    *_admit("score", "score.score"),
    Task("score", "announce", _announce("score.publish")),
)
RETRAIN = (
    Task("retrain", "train", _train),
    Task("retrain", "evaluate", _evaluate),
    Task("retrain", "pair", _pair),
    Task("retrain", "decide", _decide),
    Task("retrain", "promote", _promote),
    Task("retrain", "score in shadow", _score_in_shadow),
    *_admit("retrain", "retrain.score in shadow"),
)
MONITOR = (
    Task("monitor", "measure", _measure),
    Task("monitor", "compare", _compare),
    Task("monitor", "conclude", _conclude),
)
NIGHTLY = (*INGEST, *FEATURES, *SCORE, *RETRAIN, *MONITOR)
# A delivery that fails its gate, is released by a person, and is ingested again.
RELEASED = (
    Task("rejected", "land", _land),
    Task("rejected", "gate", _reject),
    Task("rejected", "notify", _notify),
    Task("quarantine", "release", _release),
    *INGEST,
    Task("incidents", "review", _review),
    Task("incidents", "deliver", _deliver),
)
