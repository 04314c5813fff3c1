"""Run a plan on DuckDB in a separate process, and stage the output of either engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import pyarrow as pa

from contender.errors import PermanentError
from contender.featurizing.conversion import ConversionError, convert_rows
from contender.featurizing.plan import Plan
from contender.lake import places, stage
from contender.records import StagedBatch
from contender.settings import PROJECT, Settings, spark_settings
from contender.specs import Contract, Days, ModelSpec

JOB = PROJECT / "spark_jobs" / "build_features.py"


class BuildError(RuntimeError):
    """Features could not be built; the message says where."""


class WrongTypesError(BuildError, PermanentError):
    """The built values do not have the declared types."""


def run_in_process(plan: Plan) -> None:
    """Run the plan on DuckDB, in a separate process because SQLFrame replaces the `pyspark` module there."""
    print(_run_job([sys.executable, str(JOB)], plan, "DuckDB"), end="")  # noqa: T201 - the task's log


def run_on_spark(plan: Plan) -> None:
    """Run the plan with spark-submit on this machine. The DAGs submit it to the connection `spark_default`."""
    settings = {"spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC", **spark_settings()}
    conf = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    _run_job(["spark-submit", "--master", "local[*]", *conf, str(JOB)], plan, "Spark")


def _run_job(command: Sequence[str], plan: Plan, engine: str) -> str:
    """Run the job with a plan and return its output. Raises BuildError with the end of its log."""
    # The job imports only the model's own file from the project, and therefore starts fast.
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(  # noqa: S603
        [*command, plan.file], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        output = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise BuildError(
            f"{plan.model} {plan.nights.key}: features could not be built on {engine}:\n{output}"
        )
    return done.stdout


def collect(model: ModelSpec, plan: Plan, settings: Settings) -> dict[str, StagedBatch]:
    """Stage the engine's output: `features` and `labels`, one batch each. Raises what `read_output` does."""
    nights = plan.nights
    return {
        "features": _collect(plan, "features", model.feature_contract, model.scored_days(nights), settings),
        "labels": _collect(plan, "labels", model.label_contract, model.matured_days(nights), settings),
    }


def read_output(plan: Plan, output: str, contract: Contract) -> pa.Table:
    """Read what an engine built, with the contract's types. Raises WrongTypesError for values of another type."""
    folder = plan.outputs[output]
    files = places.files(folder, suffix=".parquet")
    if not files:
        raise BuildError(f"{plan.model} {plan.nights.key}: the engine wrote no {output} to {folder}")
    rows = pa.concat_tables([places.read_rows(file.place, contract.column_names) for file in files])
    try:
        return convert_rows(rows, contract, f"build_{output}")
    except ConversionError as error:
        raise WrongTypesError(f"{plan.model} {plan.nights.key}, built on {plan.engine}:\n{error}") from error


def _collect(plan: Plan, output: str, contract: Contract, days: Days, settings: Settings) -> StagedBatch:
    batch = stage(read_output(plan, output, contract), contract, days, settings.staging)
    return batch.model_copy(update={"engine": plan.engine})
