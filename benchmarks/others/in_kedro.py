"""python in_kedro.py FOLDER STEPS: the chain as a pipeline of Kedro, by its sequential runner."""

from __future__ import annotations

import sys
from functools import partial

from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner

from benchmarks.others.steps import run_step


def run_after(number: int, before: int) -> int:
    """Run a step that follows another one."""
    assert before == number - 1
    return run_step(sys.argv[1], number)


steps = [
    node(partial(run_after, number), f"step_{number - 1}", f"step_{number}", name=f"run_{number}")
    for number in range(1, int(sys.argv[2]) + 1)
]
SequentialRunner().run(pipeline(steps), DataCatalog({"step_0": MemoryDataset(0)}))
