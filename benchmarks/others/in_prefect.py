"""python in_prefect.py FOLDER STEPS: the chain as a flow of Prefect with a task for each step."""

from __future__ import annotations

import sys

from prefect import flow, task

from benchmarks.others.steps import run_step

step = task(run_step)


@flow
def night(folder: str, steps: int) -> None:
    """Run the steps, one after another."""
    for number in range(1, steps + 1):
        step(folder, number)


night(sys.argv[1], int(sys.argv[2]))
