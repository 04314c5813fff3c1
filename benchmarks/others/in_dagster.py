"""dagster job execute -f in_dagster.py: the chain in Dagster; FOLDER, STEPS and IN_ONE_PROCESS are variables."""

import os

from dagster import In, OpDefinition, in_process_executor, job, multiprocess_executor, op

from benchmarks.others.steps import run_step


def make_op(number: int) -> OpDefinition:
    """Return the op of a step; all but the first depend on the one before."""

    @op(name=f"step_{number}", ins={"before": In(int)} if number > 1 else {})
    def run(before: int = 0) -> int:
        assert before == number - 1
        return run_step(os.environ["FOLDER"], number)

    return run


@job(executor_def=in_process_executor if os.environ["IN_ONE_PROCESS"] == "yes" else multiprocess_executor)
def chain() -> None:
    """Connect the steps."""
    before = make_op(1)()
    for number in range(2, int(os.environ["STEPS"]) + 1):
        before = make_op(number)(before)
