"""Run nights of the demo in a real Airflow, one fault each, and compare the results with an undisturbed build."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

from contender import embedded_airflow
from contender.embedded_airflow import Stack, mailbox
from contender.embedded_airflow.stack import restart_ended
from contender.installation import Installation
from contender.orchestrator import Airflow, ApiError
from contender.records import migrate
from contender.replaying import replay
from contender.settings import PROJECT, Settings
from contender.specs import Days, dag_id, nightly_dag_ids
from demo import nights
from demo.comparison import compare_rows
from demo.nights import MODEL, Expectations, World
from demo.running import environment
from tests.disks import find_obstacle, mounted
from tests.faults.processes import clock, in_task, servers
from tests.faults.processes.faults import Fault, Scene, clock_file, lake_disk
from tests.faults.processes.stopping import go_on

LAKE_MEGABYTES = 256
CHECKED_EVERY = 2.0  # seconds between two looks at the components
MAIL_PATIENCE = 420.0  # seconds: mails that were not accepted are sent again within five minutes
GATE_FAILED = "gate failed"  # in the subject of a mail; it names the delivery's day, too
REVIEWING = dag_id("operations", "incidents")
EVER = Days(first=date(2013, 1, 1), last=date(2014, 12, 31))


class Outcome(NamedTuple):
    """What became of a night: how long it took, whether its fault happened, and the checks that failed.

    `obstacle` is why the fault is not possible on this machine.
    """

    fault: str
    seconds: float
    happened: bool
    broken: tuple[str, ...]
    stopped: bool = False
    obstacle: str = ""


def run_campaign(
    home: Path, faults: Sequence[Fault], say: Callable[[str], None], *, on_servers: bool
) -> tuple[float, list[Outcome], list[str]]:
    """Run a night without a fault, then one for each fault, on databases and folders of this machine or on servers.

    Returns the seconds of the undisturbed night, the outcomes, and the final checks that failed.
    """
    obstacles = {need: find() for need, find in OBSTACLES.items() if any(one.needs == need for one in faults)}
    with disk(home, obstacles), running(home, obstacles, say, on_servers=on_servers) as (world, scene, file):
        nights.load_history(world, Expectations())
        quiet = run_night(world, scene, file, None)
        outcomes = []
        for fault in faults:
            if obstacle := obstacles.get(fault.needs):
                outcomes.append(Outcome(fault.name, 0.0, happened=False, broken=(), obstacle=obstacle))
                continue
            outcome = run_night(world, scene, file, fault)
            say(f"{outcome.fault}: {outcome.seconds:.0f} s; {', '.join(outcome.broken) or 'as expected'}")
            outcomes.append(outcome)
        return quiet.seconds, outcomes, find_wrong(world)


def run_night(world: World, scene: Scene, file: Path, fault: Fault | None) -> Outcome:
    day, expectations = nights.first_night(world), Expectations()
    in_task.reached(file).unlink(missing_ok=True)
    mails, stopped, refused = len(world.read_mails()), False, fault is not None and fault.refused
    if fault is not None:
        fault.place.write(file)
    with ThreadPoolExecutor(1) as actor:
        acting = actor.submit(_act, scene, file, fault)
        began = time.monotonic()
        try:
            nights.run_night(world, day, expectations, broken=refused)
        except ApiError as error:  # the night failed: the next one is run all the same
            stopped = fault is not None and bool(fault.says)
            expectations.expect(str(error), passed=stopped)
        finally:
            seconds = time.monotonic() - began
            happened = fault is None or in_task.reached(file).exists()
            file.unlink(missing_ok=True)
    impossible = acting.exception()
    expectations.expect(f"the fault could not be made to happen: {impossible}", impossible is None)
    if fault is not None and fault.says:
        expectations.expect("the night did not stop", passed=stopped)
    if stopped and fault is not None:
        go_on(world, fault, day, mails, expectations)
        seconds = time.monotonic() - began
    elif fault is not None and fault.mend is not None:
        fault.mend(world.installation.settings.home)
    if refused:
        _await_mail(world, mails, expectations)
    # A mail server in trouble may delay the mail about a refused delivery; it is counted above.
    failed = [what for what in expectations.failed if not (refused and what == nights.ONE_MAIL)]
    broken = (*failed, *_find_doubts(world))
    return Outcome(fault.name if fault else "none", seconds, happened, broken, stopped)


def _await_mail(world: World, before: int, expectations: Expectations) -> None:
    """Wait for the mail about the delivery that failed its gate; it must arrive, and once."""
    deadline, subjects = time.monotonic() + MAIL_PATIENCE, list[str]()
    while not subjects and time.monotonic() < deadline:
        time.sleep(1.0)
        subjects = [mail.subject for mail in world.read_mails()[before:] if GATE_FAILED in mail.subject]
    expectations.expect(f"mails about the delivery: {subjects}", len(subjects) == 1)


def _act(scene: Scene, file: Path, fault: Fault | None) -> None:
    """Wait until a task has come to the site of the fault, or the night is over, and let the fault happen."""
    if fault is None or fault.act is None:
        return
    while file.exists():
        time.sleep(0.05)
    if in_task.reached(file).exists():
        fault.act(scene)


def _find_doubts(world: World) -> Iterator[str]:
    """Yield what is wrong after a night: ledger, registry and publications must agree."""
    here = world.installation
    yield from here.book.ledger.verify(MODEL)
    decided = Counter(entry.decision.id for entry in here.book.ledger.history(MODEL))
    yield from (
        f"decision {name} is in the ledger {count} times" for name, count in decided.items() if count > 1
    )
    champion, serving = here.registry.champion(MODEL), here.book.ledger.champion(MODEL)
    if champion is None or champion.version != serving:
        yield f"the ledger names version {serving}, the registry {champion and champion.version}"
    tables = [dataset.contract.table for dataset in here.catalog.datasets.values()]
    for table in (*tables, here.catalog.model(MODEL).prediction_contract.table):
        if unconfirmed := here.book.publications.unconfirmed(table, EVER):
            yield f"{len(unconfirmed)} publications of {table} are not confirmed"


def find_wrong(world: World) -> list[str]:
    """Return what differs from an undisturbed build of all nights, or has arrived twice.

    Rows, features, labels and the last decision are compared, and the mails about failed gates counted.
    """
    here, expectations = world.installation, Expectations()
    compare_rows(world, nights.first_night(world) - nights.A_DAY, expectations)
    newest = here.book.ledger.head(MODEL)
    assert newest is not None
    replayed = replay(here, newest, world.say)
    mails = Counter(mail.subject for mail in world.read_mails() if GATE_FAILED in mail.subject)
    return [
        *expectations.failed,
        *(f"{count} mails: {subject}" for subject, count in mails.items() if count > 1),
        *([] if replayed.identical else replayed.report()),
    ]


@contextmanager
def disk(home: Path, obstacles: Mapping[str, str]) -> Iterator[None]:
    """Mount a disk of its own for the lake, if a fault needs it."""
    if obstacles.get("disk") != "":
        yield
        return
    with mounted(lake_disk(home / "home").folder, LAKE_MEGABYTES):
        yield


def _find_obstacle_of_clock() -> str:
    return "" if clock.find_library() else "libfaketime is not installed"


OBSTACLES: Mapping[str, Callable[[], str]] = {"disk": find_obstacle, "clock": _find_obstacle_of_clock}


@contextmanager
def running(
    home: Path, obstacles: Mapping[str, str], say: Callable[[str], None], *, on_servers: bool = False
) -> Iterator[tuple[World, Scene, Path]]:
    """Run an Airflow whose tasks know of faults, and whose components are started again as `contender up` does."""
    port, file, mails = embedded_airflow.free_port(), home / "fault", home / "home" / "mail"
    with mailbox.running(mails) as box, _servers(home, box.port, on_servers=on_servers) as behind:
        here = behind.settings if behind else Settings(home=home / "home")
        smtp_port = behind.proxies["mail server"].port if behind else box.port
        migrate(here.records)
        env = (
            environment(here, port)
            | _variables(home, here, obstacles)
            | dict(behind.variables if behind else {})
        )
        with (
            embedded_airflow.running(here.home, PROJECT, env, say, port=port, smtp_port=smtp_port) as stack,
            _restarting(stack, say),
        ):
            airflow = Airflow(stack.url, stack.password)
            world = World(Installation(here), airflow, partial(mailbox.read, mails), say)
            _unpause(world, on_servers=on_servers)
            yield world, Scene(stack, behind), file


def _servers(
    home: Path, smtp_port: int, *, on_servers: bool
) -> AbstractContextManager[servers.Servers | None]:
    return servers.running(home, smtp_port) if on_servers else nullcontext()


def _variables(home: Path, here: Settings, obstacles: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which tasks know of faults, and by which the clock can be set."""
    in_task.install(home / "path")
    path = os.pathsep.join([str(home / "path"), str(PROJECT), os.environ.get("PYTHONPATH", "")])
    extra = {"PYTHONPATH": path, in_task.VARIABLE: str(home / "fault")}
    if obstacles.get("clock") == "" and (library := clock.find_library()):
        clock.set_clock(clock_file(here.home), 0)
        extra |= clock.variables(library, clock_file(here.home))
    return extra


def _unpause(world: World, *, on_servers: bool) -> None:
    dags = set(nightly_dag_ids(world.installation.catalog))
    if on_servers:  # on Postgres, datasets are announced one at a time; and mails are sent again
        pool = {
            "name": world.installation.settings.announcements_pool,
            "slots": 1,
            "description": "announcements",
        }
        world.airflow.request("POST", "/pools", json=pool)
        dags.add(REVIEWING)
    world.airflow.wait_for_dags(dags)
    for dag in dags:
        world.airflow.unpause(dag)


@contextmanager
def _restarting(stack: Stack, say: Callable[[str], None]) -> Iterator[None]:
    over = threading.Event()

    def watch() -> None:
        while not over.wait(CHECKED_EVERY):
            restart_ended(stack, say)

    with ThreadPoolExecutor(1) as watcher:
        watching = watcher.submit(watch)
        try:
            yield
        finally:
            over.set()
    watching.result()
