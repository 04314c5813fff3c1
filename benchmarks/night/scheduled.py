"""The same nights by the tasks of a real Airflow, which `contender up` starts the same way, in one home."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from benchmarks.night.history import DAILY, MODEL
from contender.embedded_airflow import read_state
from contender.installation import Installation
from contender.settings import Settings
from contender.specs import Days, Verb, dag_id
from demo import nights
from demo.memory import peak_memory
from demo.running import embedded

TASKS = "tasks"
_VERBS: tuple[Verb, ...] = ("features", *nights.FOLLOWING)


def run_scheduled(home: Path, days: Sequence[date]) -> Iterator[dict[str, Any]]:
    """Run nights in an Airflow and yield the figures of each; `start` has those of its start."""
    here = Settings(home=home)
    dags = {dag_id("ingest", name) for name in DAILY} | {dag_id(verb, MODEL) for verb in _VERBS}
    with embedded(here, _say) as running:
        world = nights.World(Installation(here), running.airflow, running.read_mails, _say)
        running.airflow.wait_for_dags(dags)
        for dag in sorted(dags):
            running.airflow.unpause(dag)
        start = cpu_by_part(home)
        for day in days:
            expectations = nights.Expectations()
            before, began = cpu_by_part(home), time.perf_counter()
            with peak_memory() as peak:
                nights.run_night(world, day, expectations, broken=False)
                wall, after = time.perf_counter() - began, cpu_by_part(home)
            if expectations.failed:
                raise SystemExit(f"{day} in Airflow: {'; '.join(expectations.failed)}")
            steps = {part: after[part] - before[part] for part in after}
            yield {
                "cpu": sum(steps.values()),
                "wall": wall,
                "peak_bytes": peak(),
                "steps": steps,
                "start": sum(start.values()),
                "result": read_result(here, day),
            }


def read_result(here: Settings, night: date) -> dict[str, object]:
    """Return what the ledger and the tables of an installation contain about a night."""
    opened = Installation(here)
    model = opened.catalog.model(MODEL)
    (scored,) = model.scored_days(Days.one(night)).each()
    served, shadow = (
        opened.lake.pin(contract.table, Days.one(scored)).files
        for contract in (model.prediction_contract, model.shadow_contract)
    )
    entries = sorted(opened.book.ledger.of_night(MODEL, night), key=lambda entry: entry.number)
    return {
        "decisions": [[entry.decision.kind, entry.decision.champion_after] for entry in entries],
        "served": list(served),
        "shadow": list(shadow),
    }


def cpu_by_part(home: Path) -> Mapping[str, float]:
    """Return the CPU seconds of Airflow's processes so far, with those of their children that have ended.

    Everything below the scheduler is tasks: the workers of its executor, and the processes that they fork.
    """
    used = {TASKS: 0.0}
    for name, recorded in read_state(home).components.items():
        main = psutil.Process(int(recorded["pid"]))
        own, ended = _cpu(main)
        below = ended + sum(sum(_cpu(child)) for child in main.children(recursive=True))
        if name == "scheduler":
            used[TASKS] += below
            below = 0.0
        used[name] = own + below
    return used


def _cpu(process: Any) -> tuple[float, float]:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return times.user + times.system, times.children_user + times.children_system
    return 0.0, 0.0


def _say(what: str) -> None:
    print(what, file=sys.stderr)
