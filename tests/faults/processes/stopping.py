"""A night that stopped: what must hold while it waits for a person, and how it goes on once the fault is mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from contender.alerting import review_incidents
from contender.orchestrator import Run
from contender.specs import dag_id
from demo import nights
from demo.nights import FAULTY, FLIGHTS, PATIENCE, Expectations, World
from tests.faults.processes.faults import Fault


def go_on(world: World, fault: Fault, day: date, mails: int, expectations: Expectations) -> None:
    """Check a night that stopped, mend its fault, clear its failed tasks, and wait until it is over.

    `mails` is how many mails there were before the night.
    """
    here = world.installation
    stopped = [
        world.airflow.wait(run.dag_id, run.run_id, PATIENCE, must_succeed=False)
        for run in _runs_of(world, day)
    ]
    said = [incident.what for incident in here.book.incidents.unfinished()]
    expectations.expect(f"the incidents are {said}", len(said) == 1 and fault.says in said[0])
    arrived = [mail for mail in world.read_mails()[mails:] if fault.says in mail.text]
    expectations.expect(f"{len(arrived)} mails name the disk", len(arrived) == 1)
    table = here.catalog.dataset(FAULTY).contract.table
    expectations.expect(f"{table} {day} was published", day not in here.lake.days(table))
    assert fault.mend is not None
    fault.mend(here.settings.home)
    for run in stopped:
        if run.state != "success":
            _clear(world, run)
    nights.run_night(world, day, expectations, broken=False)
    review_incidents(here, datetime.now(UTC))
    left = [incident.what for incident in here.book.incidents.unfinished()]
    expectations.expect(f"incidents are left: {left}", not left)


def _runs_of(world: World, day: date) -> Iterator[Run]:
    """Yield the runs that ingest the deliveries of a night."""
    for name in FLIGHTS.daily:
        delivered = day + world.installation.catalog.dataset(name).delivery.lead_days * nights.A_DAY
        yield from world.airflow.runs(dag_id("ingest", name), str(delivered))


def _clear(world: World, run: Run) -> None:
    """Clear the failed tasks of a run, and those that waited for them."""
    body = {"dry_run": False, "only_failed": True, "reset_dag_runs": True, "dag_run_id": run.run_id}
    world.airflow.request("POST", f"/dags/{run.dag_id}/clearTaskInstances", json=body)
