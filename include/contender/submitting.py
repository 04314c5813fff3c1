"""Submit Spark jobs of the engine: programs that get the place of a task file as their argument."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from contender.settings import PROJECT, spark_settings

SPARK_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.log.level": "WARN",
    "spark.sql.session.timeZone": "UTC",
    **spark_settings(),
}


class SparkError(RuntimeError):
    """A Spark job failed; the message contains the end of its output, or says where it is."""


class Job(NamedTuple):
    """A program of `spark_jobs/` and Spark's settings for it."""

    program: Path
    settings: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of spark-submit by which the program imports the engine."""
        return {"PYTHONPATH": str(PROJECT / "include")}


Submit = Callable[[Job, str], object]


def submit_here(job: Job, file: str, master: str = "local[*]") -> None:
    """Run a job with a task file by spark-submit on this machine. Raises SparkError if it fails."""
    conf = [word for name, value in job.settings.items() for word in ("--conf", f"{name}={value}")]
    done = subprocess.run(  # noqa: S603
        ["spark-submit", "--master", master, *conf, str(job.program), file],  # noqa: S607
        env={**os.environ, **job.environment},
        # A job's own errors are on the JVM's standard output, Spark's on standard error.
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stdout.strip().splitlines() if not line.startswith("\tat ")]
        output = "\n".join(lines[-15:])
        raise SparkError(f"{job.program.name} failed on Spark with {file}:\n{output}")
