"""Check large batches on Spark: write a task file, run the job, and read its result."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from contender.gating.batches import load_spark
from contender.gating.check import check
from contender.gating.usual import Past
from contender.gating.validation import Outcome, validate
from contender.lake import places
from contender.records import GateResult, StagedBatch
from contender.settings import PROJECT, Settings
from contender.specs import Contract, Expectation
from contender.specs.frozen import Frozen
from contender.submitting import SPARK_SETTINGS, Job, SparkError, Submit, submit_here

JOB = Job(PROJECT / "spark_jobs" / "check_batch.py", SPARK_SETTINGS)


class Task(Frozen):
    """The input of a Spark job, and the file for its result."""

    contract: Contract
    batch: StagedBatch
    run: str
    past: Past | None
    result: str


def check_by_size(
    contract: Contract,
    batch: StagedBatch,
    run: str,
    settings: Settings,
    past: Past | None = None,
    submit: Submit | None = None,
) -> GateResult:
    """Check a batch in memory or, from `gate_spark_rows` rows on, on Spark.

    `submit` runs the job with a task file and returns when it has ended; the default is spark-submit on this machine.
    Raises SparkError if the job fails or writes no result.
    """
    if batch.rows < settings.gate_spark_rows:
        return check(contract, batch, run, past)
    folder = places.below(settings.staging, "gates", batch.table, uuid.uuid4().hex)
    result = places.below(folder, "result.json")
    task = Task(contract=contract, batch=batch, run=run, past=past, result=result)
    file = places.write(places.below(folder, "task.json"), task.model_dump_json().encode())
    (submit or submit_here)(JOB, file)
    if not places.exists(result):
        raise SparkError(
            f"{batch.table} {batch.days.key}: Spark ended without a result in {result}: see the log of the Spark job"
        )
    return GateResult.model_validate_json(places.read(result))


def run_task(file: str, session: Any) -> GateResult:
    """Run a task inside the Spark job, and write its result atomically."""
    task = Task.model_validate_json(places.read(file))

    def judge(contract: Contract, batch: StagedBatch) -> dict[Expectation, Outcome]:
        return validate(contract, batch, contract.all_expectations(), partial(load_spark, session=session))

    result = check(task.contract, task.batch, task.run, task.past, judge)
    places.write(task.result, result.model_dump_json().encode())
    return result
