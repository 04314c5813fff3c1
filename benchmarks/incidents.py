"""Count the mails about incidents: one cause, ten causes, and a month of small trouble with a hundred models.

python -m benchmarks.incidents        simulate, and write the table into docs/INCIDENTS.md

The catalog is made up, the book of record and the rules are the real ones, and time is simulated.
"""

from __future__ import annotations

import logging
import tempfile
import time as clock
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from benchmarks.keeping import put_into
from contender.alerting import (
    FailedTask,
    raise_gate_failure,
    raise_task_failure,
    raise_verdict,
    review_incidents,
)
from contender.incidents import list_outputs
from contender.installation import Installation
from contender.records import Alert, GateResult, Monitored, Publication, Step, identify, migrate
from contender.records.monitored_days import MonitoredRow
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, Days, Input, dag_id, load_catalog

MODELS, DATASETS, OWNERS = 100, 20, 10
FIRST = date(2013, 9, 1)  # a Sunday
PAGE = PROJECT / "docs" / "INCIDENTS.md"
BEGIN, END = "<!-- results of benchmarks.incidents -->", "<!-- end -->"
REFUSED = ConnectionRefusedError(111, "connection to the lake refused")


def make_catalog(*, deadlines: bool) -> Catalog:
    """Return 100 models that read 2 of 20 datasets each; 10 owners share them. Every fifth may have a deadline."""
    real = load_catalog(PROJECT / "include" / "catalog")
    dataset, model = real.dataset("departures"), real.model("flight_delay")
    datasets = {
        name: dataset.model_copy(update={"name": name, "owner": f"data{n % OWNERS}@x.example"})
        for n, name in enumerate(f"source{n}" for n in range(DATASETS))
    }
    models = {}
    for n in range(MODELS):
        inputs = (Input(dataset=f"source{n % DATASETS}"), Input(dataset=f"source{(n * 7 + 1) % DATASETS}"))
        models[f"model{n}"] = model.model_copy(
            update={
                "name": f"model{n}",
                "owner": f"models{n % OWNERS}@x.example",
                "inputs": inputs if n % DATASETS != (n * 7 + 1) % DATASETS else inputs[:1],
                "scored_by": time(13) if deadlines and n % 5 == 0 else None,
            }
        )
    return Catalog(home=real.home, datasets=datasets, models=models)


class World:
    """An installation with an empty book, and what has really been published."""

    def __init__(self, folder: str, catalog: Catalog) -> None:
        here = Settings(home=Path(folder), nightly_from=FIRST)
        migrate(here.records)
        self.here = Installation(here, catalog)
        self.engine = create_engine(here.records)
        self.published: set[tuple[str, str]] = set()
        for name in catalog.models:  # scores are expected of models with a champion
            self._serve(name)

    def _serve(self, model: str) -> None:
        from tests.unit.policy_results import decision

        made = decision(FIRST, "first", 1, "boosted_trees")
        self.here.book.ledger.enter(made.model_copy(update={"model": model, "id": identify(model)}))

    def publish(self, steps: Sequence[Step], at: datetime) -> None:
        """Record that the outputs of steps passed their gates and were published, or that days were monitored."""
        with Session(self.engine) as session, session.begin():
            for step in steps:
                session.add_all(self._rows(step, at))

    def _rows(self, step: Step, at: datetime) -> Iterator[object]:
        book = self.here.book
        if step.dag.startswith("monitor"):
            model = self.here.catalog.model(step.dag.partition("__")[2])
            yield monitored_row(model.name, model.matured_days(step.days or Days.one(FIRST)).last, at)
        for output in list_outputs(self.here.catalog, step):
            name = identify(output.table, output.days.key, at)
            made = Publication(
                id=name, table=output.table, days=output.days, run="r", rows=1, fingerprint=name, at=at
            )
            row = book.publications.row_of(made)
            row.state = "committed"
            self.published.add((output.table, output.days.key))
            yield row
            yield book.gates.row_of(gate(output.table, output.days, "pass", at))

    def fail(self, dag: str, task: str, night: date, at: datetime, error: Exception | None = None) -> None:
        """Let a task fail after its last retry."""
        failed = failed_task(dag, task, night, at, str(error or f"{dag}: the code has a bug"))
        owner = owner_of(self.here.catalog, dag)
        raise_task_failure(self.here, failed, owner, error or ValueError("a bug"))

    def reject(self, dataset: str, night: date, at: datetime) -> None:
        """Let a delivery fail its gate."""
        result = gate(f"datasets.{dataset}", Days.one(night), "fail", at)
        result = result.model_copy(update={"owner": self.here.catalog.dataset(dataset).owner})
        self.here.book.gates.add(result)
        failed = failed_task(dag_id("ingest", dataset), "admit.gate", night, at, "gate")
        raise_gate_failure(self.here, result, failed, "http://ui/gate")

    def mails(self) -> list[Alert]:
        """Return the mails that were sent or are about to be: not those that were dropped."""
        return [mail for mail in self.here.book.alerts.newest(limit=100_000) if mail.state != "dropped"]

    def false_recoveries(self) -> int:
        """Count the recovered incidents of which an output does not exist."""
        recovered = [i for i in self.here.book.incidents.newest(limit=100_000) if i.state == "recovered"]
        outputs = [
            (output.table, output.days.key)
            for incident in recovered
            for failure in incident.failures
            for output in list_outputs(self.here.catalog, failure.step)
        ]
        return len([output for output in outputs if output not in self.published])


def owner_of(catalog: Catalog, dag: str) -> str:
    """Return the owner of a DAG."""
    name = dag.partition("__")[2]
    found = catalog.datasets.get(name) or catalog.models.get(name)
    return found.owner if found is not None else "platform@contender.example"


def gate(table: str, days: Days, verdict: str, at: datetime) -> GateResult:
    """Return the result of a gate."""
    values = {"table": table, "owner": "o@x.example", "days": days, "run": "r", "verdict": verdict, "rows": 1}
    name = identify(table, days.key, verdict, at)
    return GateResult.model_validate(
        {**values, "id": name, "fingerprint": name, "expectations": (), "at": at}
    )


def failed_task(dag: str, task: str, night: date, at: datetime, error: str) -> FailedTask:
    """Return a task that failed after its last retry."""
    return FailedTask(
        dag=dag, task=task, run=f"{night}", days=str(night), error=error, log_url="http://ui/log", at=at
    )


def monitored(model: str, day: date, verdict: str, at: datetime) -> Monitored:
    """Return the result of a monitored day."""
    values = {"model": model, "day": day, "version": 1, "measures": None, "expected_loss": None}
    name = identify("monitored", model, day, at)
    return Monitored.model_validate({**values, "id": name, "verdict": verdict, "action": "look", "at": at})


def monitored_row(model: str, day: date, at: datetime) -> MonitoredRow:
    """Return the database row of a stable day."""
    found = monitored(model, day, "stable", at)
    return MonitoredRow(
        id=found.id,
        subject=model,
        key=str(day),
        run="",
        state="stable",
        at=at,
        record=found.model_dump(mode="json"),
    )


def at(day: date, hour: float) -> datetime:
    """Return a time of a day."""
    return datetime.combine(day, time.min, UTC) + timedelta(hours=hour)


def count_one_cause(world: World) -> int:
    """200 tasks of 100 models fail within 20 minutes, because the lake cannot be reached."""
    for n in range(200):
        verb = "features" if n < MODELS else "score"
        world.fail(f"{verb}__model{n % MODELS}", "plan", FIRST, at(FIRST, 3 + n / 600), REFUSED)
    return len(world.mails())


def count_ten_causes(world: World) -> int:
    """Ten causes with their consequences: at noon of a Monday, and what is missing five hours later."""
    night, now = FIRST, at(FIRST + timedelta(days=1), 12)
    models = list(world.here.catalog.models)
    failing = {"source0", "source1", "source2", "source3", "source4"}
    waiting = {
        m.name
        for m in world.here.catalog.models.values()
        if failing & {i.dataset for i in m.inputs if i.dataset}
    }
    free = [name for name in models if name not in waiting]
    world.publish([Step(dag=f"ingest__source{n}", days=Days.one(night)) for n in range(5, DATASETS)], now)
    for n in range(3):  # 1 to 3: failed gates
        world.reject(f"source{n}", night, now)
    review_incidents(world.here, now)  # 4 and 5: late deliveries
    for n, name in enumerate(free[:20]):  # 6: a store
        world.fail(f"score__{name}", "score", night, now + timedelta(seconds=n), REFUSED)
    world.fail(f"features__{free[20]}", "plan", night, now)  # 7 and 8: bugs, each with what depends on it
    world.fail(f"retrain__{free[20]}", "train", night, now)
    world.fail(f"score__{free[20]}", "score", night, now)
    for task in ("train", "evaluate"):
        world.fail(f"retrain__{free[21]}", task, night, now)
    for day in range(3):  # 9: a verdict that lasts
        found = monitored(free[22], night + timedelta(days=day), "broken_feed", now + timedelta(hours=day))
        world.here.book.monitored.add(found)
        raise_verdict(world.here, found, "http://ui/report")
    world.fail("operations__upkeep", "keep_up", night, now)  # 10
    failed = {f"score__{name}" for name in free[:20]} | {f"monitor__{free[22]}"}
    ended = night_of([*free[:20], *free[21:]], Days.one(night))
    world.publish([step for step in ended if step.dag not in failed], now)
    review_incidents(world.here, now + timedelta(hours=5))
    return len(world.mails())


def run_month(world: World) -> tuple[Counter[str], list[float]]:
    """Run 28 nights with small trouble. Returns the mails by kind, and the seconds of each check."""
    seconds = []
    for number in range(28):
        night = FIRST + timedelta(days=number)
        morning = night + timedelta(days=1)
        for begin, steps, trouble in plan_night(world.here.catalog, night, number):
            if trouble == "gate":
                world.reject(steps[0].dag.partition("__")[2], night, begin)
            elif trouble == "task":
                world.fail(steps[0].dag, "plan", night, begin)
            else:
                world.publish(steps, begin)
            seconds += review_until(world, begin, begin + timedelta(minutes=25))
        seconds += review_until(world, at(morning, 17), at(morning, 17.5))
    kinds = Counter(
        "reminder"
        if "still open" in mail.subject
        else "recovered"
        if "recovered:" in mail.subject
        else "opened"
        for mail in world.mails()
    )
    return kinds, seconds


def review_until(world: World, begin: datetime, end: datetime) -> list[float]:
    """Run the check every 10 minutes of simulated time. Returns the seconds that each took."""
    taken = []
    while begin < end:
        begin += timedelta(minutes=10)
        started = clock.process_time()
        review_incidents(world.here, begin)
        taken.append(clock.process_time() - started)
    return taken


def plan_night(catalog: Catalog, night: date, number: int) -> Iterator[tuple[datetime, list[Step], str]]:
    """Yield what happens in the morning after a night, in order: when, in which steps, and the trouble, if any.

    In 28 nights: 4 deliveries that arrive after their grace period, 3 batches that fail their gate and are corrected an
    hour later, 2 tasks that fail and are cleared by a person, and one delivery that is three days late.
    """
    morning = night + timedelta(days=1)
    late = {3: "source3", 9: "source9", 16: "source16", 22: "source2"}.get(number)
    rejected = {5: "source5", 12: "source12", 19: "source19"}.get(number)
    failing = {7: "model7", 20: "model20"}.get(number)
    lost = "source11" if number == 14 else None
    away = {late, rejected, lost} - {None}
    hit = {m.name for m in catalog.models.values() if away & {i.dataset for i in m.inputs}}
    days = Days.one(night)
    arriving = [Step(dag=f"ingest__{name}", days=days) for name in catalog.datasets if name not in away]
    well = [name for name in catalog.models if name not in hit and name != failing]
    yield at(morning, 7.5), arriving, ""
    if rejected:
        yield at(morning, 7.6), [Step(dag=f"ingest__{rejected}", days=days)], "gate"
    yield at(morning, 8.1), night_of(well, days), ""
    if failing:
        yield at(morning, 8.2), [Step(dag=f"features__{failing}", days=days)], "task"
        yield at(morning, 9.5), night_of([failing], days), ""
    if rejected:
        yield at(morning, 8.7), [Step(dag=f"ingest__{rejected}", days=days)], ""
        yield at(morning, 9.2), night_of(sorted(hit), days), ""
    if late:
        yield at(morning, 12.2), [Step(dag=f"ingest__{late}", days=days)], ""
        yield at(morning, 12.7), night_of(sorted(hit), days), ""
    if number == 17:
        owed = Days.one(night - timedelta(days=3))
        behind = [m.name for m in catalog.models.values() if "source11" in {i.dataset for i in m.inputs}]
        yield at(morning, 13), [Step(dag="ingest__source11", days=owed)], ""
        yield at(morning, 13.5), night_of(behind, owed), ""


def night_of(models: Sequence[str], days: Days) -> list[Step]:
    """Return the steps of some models in a night."""
    return [
        Step(dag=f"{verb}__{name}", days=days) for name in models for verb in ("features", "score", "monitor")
    ]


def report() -> str:
    """Run the simulations and return their table."""
    plain, punctual = make_catalog(deadlines=False), make_catalog(deadlines=True)
    worlds = [
        World(folder, catalog)
        for folder, catalog in zip(_folders(4), (plain, plain, punctual, punctual), strict=True)
    ]
    one, ten, late = count_one_cause(worlds[0]), count_ten_causes(worlds[1]), count_ten_causes(worlds[2])
    kinds, seconds = run_month(worlds[3])
    wrong = sum(world.false_recoveries() for world in worlds)
    weekly = (kinds["opened"] + kinds["recovered"]) / 4
    first, last = (sum(part) / len(part) * 1000 for part in (seconds[:50], seconds[-50:]))
    openings, ends = kinds["opened"], kinds["recovered"]
    results = {
        "200 tasks of 100 models fail from one cause": f"{one} mail{'s' if one > 1 else ''}",
        "10 causes with their consequences": f"{ten} mails",
        "the same, and models with deadlines are late": f"{late} mails: each owner of a late model, once a cause",
        "100 models, 4 weeks, 10 troubles": f"{openings} mails about openings, {ends} about recoveries: {weekly:.1f} a "
        f"week; {kinds['reminder']} reminders",
        "recovered incidents of which something was missing": f"{wrong}",
        "one check of 100 models and 20 datasets, CPU time": f"{first:.0f} ms at first, {last:.0f} ms in the last days",
    }
    return "\n".join(
        (
            "| situation | result |",
            "| --- | --- |",
            *(f"| {name} | {found} |" for name, found in results.items()),
        )
    )


def _folders(count: int) -> list[str]:
    return [tempfile.mkdtemp() for _ in range(count)]


def main() -> None:
    """Print the table, and write it into the page."""
    logging.disable(logging.WARNING)
    table = report()
    print(table)
    PAGE.write_text(put_into(PAGE.read_text(), f"{table}\n", BEGIN, END))


if __name__ == "__main__":
    main()
