"""The chain as DAGs of Airflow, one for each number of steps; FOLDER and LENGTHS are in the environment."""

from __future__ import annotations

import os

from airflow.sdk import dag, task

from benchmarks.others.steps import run_step


def make_chain(length: int) -> None:
    """Create the DAG of a chain."""

    @dag(dag_id=f"chain_{length}", schedule=None)
    def chain() -> None:
        before = None
        for number in range(1, length + 1):
            done = task(task_id=f"step_{number}")(run_step)(f"{os.environ['FOLDER']}/{length}", number)
            if before is not None:
                before >> done
            before = done

    chain()


for length in os.environ["LENGTHS"].split(","):
    make_chain(int(length))
