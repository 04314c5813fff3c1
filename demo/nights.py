"""Load history and run nights in a running Airflow: deliver files, trigger ingestion, and check the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

from contender.embedded_airflow.mailbox import Mail
from contender.installation import Installation
from contender.lake import places
from contender.orchestrator import Airflow, Run
from contender.records import Decision, Evaluation, GateResult, Monitored
from contender.specs import Days, Verb, dag_id
from demo import source

MODEL = "flight_delay"
FLIGHTS = source.flights.SOURCE
HISTORY = Days(first=date(2013, 1, 1), last=date(2013, 8, 31))
LAST_NIGHT = date(2013, 12, 29)
FAULTY = "departures"
FOLLOWING: tuple[Verb, ...] = ("score", "retrain", "monitor")
A_DAY = timedelta(days=1)
ONE_MAIL = "one alert mail is received"
PATIENCE = 900.0  # seconds: enough for a slow machine and a restart of an Airflow component

Progress = Callable[[str], None]


@dataclass(frozen=True)
class World:
    """An installation, the Airflow that runs it, and the mailbox of its owners."""

    installation: Installation
    airflow: Airflow
    read_mails: Callable[[], Sequence[Mail]]
    say: Progress


@dataclass
class Expectations:
    """The checks of the demo and their results."""

    results: list[tuple[str, bool]] = field(default_factory=list)

    def expect(self, what: str, passed: bool) -> None:
        """Record the result of a check."""
        self.results.append((what, passed))

    @property
    def failed(self) -> list[str]:
        """The checks that failed."""
        return [what for what, passed in self.results if not passed]


@dataclass(frozen=True)
class Night:
    """The result of one night."""

    day: date
    refused: GateResult | None
    decision: Decision
    evaluation: Evaluation
    monitored: Monitored | None
    scored_rows: int


def first_night(world: World) -> date:
    """Return the night after the newest scored one, or the first night after history."""
    scored = world.installation.lake.days(world.installation.catalog.model(MODEL).prediction_contract.table)
    return scored[-1] if scored else HISTORY.last + A_DAY


def has_history(world: World) -> bool:
    """Return whether history is loaded and a champion serves."""
    here = world.installation
    scored = here.lake.days(here.catalog.model(MODEL).prediction_contract.table)
    return bool(scored) and here.registry.champion(MODEL) is not None


def load_history(world: World, expectations: Expectations) -> None:
    """Load history: one range run per dataset, one for features, then the first champion and its predictions."""
    here = world.installation
    monitored = len(world.airflow.runs(dag_id("monitor", MODEL)))
    world.say(f"History: the source delivers {len(HISTORY)} days of three datasets, and two reference tables")
    ranges = dict.fromkeys(FLIGHTS.daily, HISTORY) | {"schedule": _with_tomorrow(HISTORY)}
    with _step(world, "History: checked and published, one range run per dataset"):
        # Reference tables have no days; their partition key is the last day of history.
        source.drop_reference(here.settings.landing, [FLIGHTS])
        runs = [
            world.airflow.trigger(dag_id("ingest", name), partition_key=str(HISTORY.last))
            for name in FLIGHTS.reference
        ]
        for name, days in ranges.items():  # a dataset is ingested while the next one is delivered
            source.drop(name, days.each(), here.settings.landing)
            runs.append(world.airflow.trigger(dag_id("ingest", name), conf=_range(days)))
        _wait(world, runs)
    nights = Days(first=HISTORY.first - A_DAY, last=HISTORY.last)
    with _step(world, f"History: features of {len(nights)} nights built, in one run"):
        _wait(world, [world.airflow.trigger(dag_id("features", MODEL), conf=_range(nights))])
    with _step(world, "The first champion: trained, compared with the baseline, promoted"):
        _wait(world, [world.airflow.trigger(dag_id("retrain", MODEL), partition_key=str(HISTORY.last))])
    champion = here.registry.champion(MODEL)
    expectations.expect("the first version beats the simple baseline and is promoted", champion is not None)
    with _step(world, f"The flights of {HISTORY.last + A_DAY}: scored"):
        _wait(world, [world.airflow.trigger(dag_id("score", MODEL), partition_key=str(HISTORY.last))])
    started = len(world.airflow.runs(dag_id("monitor", MODEL))) - monitored
    expectations.expect("a range run starts no downstream runs", started == 0)


def run_night(world: World, day: date, expectations: Expectations, *, broken: bool) -> Night:
    """Run one night: deliveries, gates, features and everything downstream; with `broken`, a broken delivery first."""
    here = world.installation
    model = here.catalog.model(MODEL)
    deliver(world, day)
    # Airflow continues an interrupted night by itself; in that case, accept existing runs of the night.
    begun = any(_known(world, dag_id("ingest", name), day) for name in ("departures", "weather"))
    before = {dag: set() if begun else _known(world, dag, day) for dag in _downstream()}
    refused = _refuse(world, day, expectations) if broken else None
    names = [FAULTY] if broken else list(FLIGHTS.daily)
    with _step(world, f"Night {day}: {', '.join(names)} checked and published"):
        _wait(world, [_ingest(world, name, day) for name in names])
    with _step(world, f"Night {day}: features built"):
        _follow(world, dag_id("features", MODEL), day, before)
    with _step(
        world, f"Night {day}: {day + A_DAY} scored, challenger evaluated, predictions of {day} monitored"
    ):
        for verb in FOLLOWING:
            _follow(world, dag_id(verb, MODEL), day, before)
    decision = _decision(world, day)
    evaluation = here.book.evaluations.get(str(decision.evaluation))
    assert evaluation is not None
    scored = here.lake.read(model.prediction_contract, model.scored_days(Days.one(day)))
    flights = here.lake.read(here.catalog.dataset("schedule").contract, Days.one(day + A_DAY))
    expectations.expect(
        f"night {day}: every flight of {day + A_DAY} is scored exactly once",
        scored.num_rows == flights.num_rows > 0,
    )
    return Night(
        day=day,
        refused=refused,
        decision=decision,
        evaluation=evaluation,
        monitored=_monitored(world, day),
        scored_rows=scored.num_rows,
    )


def deliver(world: World, day: date) -> None:
    """Deliver the files of the night after `day`: outcomes and weather of the day, and the next day's timetable."""
    landing = world.installation.settings.landing
    for name in ("departures", "weather"):
        source.drop(name, [day], landing)
    source.drop("schedule", [day + A_DAY], landing)


@contextmanager
def _step(world: World, what: str) -> Iterator[None]:
    """Print a step when it is done."""
    yield
    world.say(what)


def _refuse(world: World, day: date, expectations: Expectations) -> GateResult | None:
    """Deliver a file with repeated rows, check that it is quarantined, and deliver the correct file."""
    here = world.installation
    landing, table = here.settings.landing, here.catalog.dataset(FAULTY).contract.table
    source.drop(FAULTY, [day], landing, fault=source.append_rerun)
    champion, mails = here.registry.champion(MODEL), len(world.read_mails())
    predictions = here.lake.snapshot(here.catalog.model(MODEL).prediction_contract.table)
    snapshot = here.lake.snapshot(table)
    with _step(world, f"Night {day}: a BROKEN delivery of {FAULTY}, with rows appended twice"):
        others = [_ingest(world, name, day) for name in FLIGHTS.daily if name != FAULTY]
        run = _ingest(world, FAULTY, day)
        ended = world.airflow.wait(run.dag_id, run.run_id, must_succeed=False)
        _wait(world, others)
    refused = world.installation.book.gates.newest_of(table)
    states = world.airflow.task_states(run.dag_id, run.run_id)
    arrived = world.read_mails()[mails:]
    expect = expectations.expect
    expect("the gate of the broken delivery fails", ended.state == "failed")
    expect("it reports failing rows", refused is not None and any(e.failing_keys for e in refused.failed))
    expect(
        "the batch is in quarantine",
        bool(refused and refused.quarantine and places.files(refused.quarantine)),
    )
    expect("the batch is not published", "success" not in {states["admit.publish"], states["announce"]})
    expect("the table is unchanged", here.lake.snapshot(table) == snapshot)
    expect("no downstream run starts", not _known(world, dag_id("features", MODEL), day))
    expect("the champion keeps serving", here.registry.champion(MODEL) == champion)
    expect(
        "predictions are unchanged",
        here.lake.snapshot(here.catalog.model(MODEL).prediction_contract.table) == predictions,
    )
    expect(ONE_MAIL, [FAULTY in mail.subject for mail in arrived] == [True])
    source.drop(FAULTY, [day], landing)
    world.say(f"Night {day}: batch quarantined, owner notified; the source delivers a corrected file")
    return refused


def _ingest(world: World, name: str, night: date) -> Run:
    lead = world.installation.catalog.dataset(name).delivery.lead_days
    return world.airflow.trigger(dag_id("ingest", name), partition_key=str(night + timedelta(days=lead)))


def _wait(world: World, runs: Sequence[Run]) -> None:
    for run in runs:
        world.airflow.wait(run.dag_id, run.run_id, timeout=PATIENCE)


def _follow(world: World, dag: str, day: date, before: dict[str, set[str]]) -> None:
    world.airflow.wait_for_partition_run(dag, str(day), PATIENCE, after=before[dag])


def _downstream() -> tuple[str, ...]:
    return (dag_id("features", MODEL), *(dag_id(verb, MODEL) for verb in FOLLOWING))


def _known(world: World, dag: str, day: date) -> set[str]:
    return {run.run_id for run in world.airflow.runs(dag, str(day))}


def _decision(world: World, day: date) -> Decision:
    return world.installation.book.ledger.of_night(MODEL, day)[0].decision


def _monitored(world: World, day: date) -> Monitored | None:
    return world.installation.book.monitored.of_day(MODEL, day)


def _range(days: Days) -> dict[str, str]:
    return {"first": str(days.first), "last": str(days.last)}


def _with_tomorrow(days: Days) -> Days:
    return Days(first=days.first, last=days.last + A_DAY)
