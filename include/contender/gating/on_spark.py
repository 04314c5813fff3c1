"""Check large batches on Spark: write a task file, run the job, and read its result."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from contender.gating.batches import load_spark
from contender.gating.check import check
from contender.gating.usual import Past
from contender.gating.validation import Outcome, validate
from contender.lake import places
from contender.records import GateResult, StagedBatch
from contender.settings import PROJECT, Settings, spark_settings
from contender.specs import Contract, Expectation
from contender.specs.frozen import Frozen

JOB = PROJECT / "spark_jobs" / "check_batch.py"
SPARK_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.log.level": "WARN",
    "spark.sql.session.timeZone": "UTC",
    **spark_settings(),
}

Submit = Callable[[str], object]


class SparkError(RuntimeError):
    """Spark could not check a batch; the message contains the end of its output."""


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

    `submit` runs the job with a task file as its argument and returns when it has ended; the default is spark-submit
    on this machine. Raises SparkError if the job writes no result.
    """
    if batch.rows < settings.gate_spark_rows:
        return check(contract, batch, run, past)
    folder = places.below(settings.staging, "gates", batch.table, uuid.uuid4().hex)
    result = places.below(folder, "result.json")
    task = Task(contract=contract, batch=batch, run=run, past=past, result=result)
    file = places.write(places.below(folder, "task.json"), task.model_dump_json().encode())
    (submit or submit_here)(file)
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


def submit_here(file: str) -> None:
    """Run the job by spark-submit on this machine. Raises SparkError if it fails."""
    conf = [word for name, value in SPARK_SETTINGS.items() for word in ("--conf", f"{name}={value}")]
    done = subprocess.run(  # noqa: S603
        ["spark-submit", "--master", "local[*]", *conf, str(JOB), file],  # noqa: S607
        env={**os.environ, "PYTHONPATH": str(PROJECT / "include")},
        # A job's own errors are on the JVM's standard output, Spark's on standard error.
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stdout.strip().splitlines() if not line.startswith("\tat ")]
        output = "\n".join(lines[-15:])
        raise SparkError(f"Spark could not check the batch of {file}:\n{output}")
