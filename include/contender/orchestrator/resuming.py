"""Runs with a fixed name, so that a command that was interrupted finds the runs that it started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contender.orchestrator.airflow import Airflow
from contender.orchestrator.runs import Run


def find_tries(airflow: Airflow, dag: str, name: str) -> list[Run]:
    """Return the runs of a DAG that were started under this name, oldest first."""
    return [run for run in airflow.runs(dag) if run.run_id.startswith(f"{name}__try")]


def start_or_join(
    airflow: Airflow,
    dag: str,
    name: str,
    *,
    partition_key: str | None = None,
    conf: Mapping[str, Any] | None = None,
) -> Run:
    """Return the run of this name that is queued or running, or else start the next try."""
    before = find_tries(airflow, dag, name)
    running = next((run for run in before if not run.ended), None)
    run_id = f"{name}__try{len(before) + 1}"
    return running or airflow.trigger(dag, partition_key=partition_key, conf=conf, run_id=run_id)
