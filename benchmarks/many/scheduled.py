"""Run a night of all models of a catalog in an Airflow that `contender up` starts the same way, and time its tasks."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from benchmarks.many.generated import deliver
from benchmarks.night.scheduled import cpu_by_part
from contender.installation import Installation
from contender.orchestrator import Airflow
from contender.specs import Days, Verb, dag_id, parse_dag_id
from demo.memory import peak_memory
from demo.running import embedded
from demo.weighing import weigh

VERBS: tuple[Verb, ...] = ("features", "score", "retrain", "monitor")
PATIENCE, PAUSE = timedelta(hours=3).total_seconds(), 2.0  # seconds
Row = dict[str, Any]


class Lag(NamedTuple):
    """How long tasks waited, in seconds: the median, and what one of a hundred exceeded."""

    median: float
    most: float


def run_scheduled(here: Installation, night: date, say: Callable[[str], None]) -> Row:
    """Start Airflow, deliver the night of every dataset, wait for every model, and return what it took."""
    catalog, home = here.catalog, here.settings.home
    ingested = {dag_id("ingest", name) for name in catalog.datasets}
    following = {dag_id(verb, name) for verb in VERBS for name in catalog.models}
    for spec in catalog.datasets.values():
        deliver(spec, Days.one(night), here.settings)
    began = time.monotonic()
    with embedded(here.settings, say) as running:
        airflow = running.airflow
        _wait_until(lambda: _count(airflow, "/dags", paused=True) >= len(ingested | following), airflow)
        airflow.wait_for_dags(ingested | following)
        parsed, spent = time.monotonic() - began, cpu_by_part(home)
        for verb in ("ingest", *VERBS):
            airflow.request(
                "PATCH",
                "/dags",
                params={"dag_id_pattern": dag_id(verb, "%")},
                json={"is_paused": False},
            )
        files, start, began = weigh(home), cpu_by_part(home), time.monotonic()
        with peak_memory(every=5.0) as peak:
            for dag in sorted(ingested):
                airflow.trigger(dag, partition_key=str(night))
            _wait_for_night(airflow, night, len(ingested | following), say)
            wall, end = time.monotonic() - began, cpu_by_part(home)
        tasks = _read_tasks(airflow, ingested | following)
        return {
            "dags": len(ingested | following),
            "parsed_after": round(parsed, 1),
            "parse_cpu_seconds": round(spent["dag-processor"], 1),
            "wall_seconds": round(wall, 1),
            "cpu": {part: round(end[part] - start[part], 1) for part in end},
            "peak_mb": round(peak() / 1e6),
            "tasks": len(tasks),
            "scheduled": find_lag(_waits_until_scheduled(tasks)),
            "started": find_lag([_seconds(task["queued_when"], task["start_date"]) for task in tasks]),
            "waited": {verb: find_lag(_waits_of(tasks, verb)) for verb in VERBS},
            "grown": {what: size - files[what] for what, size in weigh(home).items()},
        }


def find_lag(seconds: Sequence[float]) -> Lag:
    """Return the median and the 99th percentile."""
    ordered = sorted(seconds)
    return Lag(round(median(ordered), 2), round(ordered[int(0.99 * (len(ordered) - 1))], 2))


def _waits_until_scheduled(tasks: Sequence[Row]) -> list[float]:
    """Return, for each task after the first of its run, how long after the end of one before it was scheduled."""
    runs: dict[str, list[Row]] = defaultdict(list)
    for task in tasks:
        runs[f"{task['dag_id']} {task['dag_run_id']}"].append(task)
    return [
        min(_seconds(one["end_date"], task["scheduled_when"]) for one in earlier)
        for run in runs.values()
        for task in run
        if (earlier := [one for one in run if one["end_date"] <= task["scheduled_when"]])
    ]


def _waits_of(tasks: Sequence[Row], verb: Verb) -> list[float]:
    """Return, for each task of these DAGs, how long after it was scheduled it started."""
    return [
        _seconds(task["scheduled_when"], task["start_date"])
        for task in tasks
        if parse_dag_id(task["dag_id"]).verb == verb
    ]


def _read_tasks(airflow: Airflow, dags: set[str]) -> list[Row]:
    """Return the tasks that ran."""
    return [task for task in airflow.tasks(state="success") if task["dag_id"] in dags and task["queued_when"]]


def _wait_for_night(airflow: Airflow, night: date, runs: int, say: Callable[[str], None]) -> None:
    path, shown = "/dags/~/dagRuns", -1

    def ended() -> bool:
        nonlocal shown
        failed = airflow.request("GET", path, params={"state": "failed", "limit": 1})["dag_runs"]
        if failed:
            raise SystemExit(
                airflow.explain_failure(airflow.run(failed[0]["dag_id"], failed[0]["dag_run_id"]))
            )
        done = _count(airflow, path, state="success", partition_key_pattern=str(night))
        if done // 20 > shown:
            shown = done // 20
            say(f"{done} of {runs} runs have ended")
        return done >= runs

    _wait_until(ended, airflow)


def _wait_until(reached: Callable[[], bool], airflow: Airflow) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        if errors := airflow.import_errors():
            raise SystemExit("\n".join(f"{file}: {why}" for file, why in errors.items()))
        if time.monotonic() > deadline:
            raise SystemExit(f"the night has not ended in {PATIENCE:.0f} s")
        time.sleep(PAUSE)


def _count(airflow: Airflow, path: str, **filters: object) -> int:
    return int(airflow.request("GET", path, params={"limit": 1, **filters})["total_entries"])


def _seconds(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
