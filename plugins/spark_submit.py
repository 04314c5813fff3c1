"""Submit the engine's Spark jobs to the connection `spark_default`."""

from __future__ import annotations

from contender.submitting import Job, SparkError


def submit_job(job: Job, file: str) -> None:
    """Run a job with a task file, and wait for it. Raises SparkError if it fails; its output is in the task's log."""
    from airflow.exceptions import AirflowException
    from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook

    hook = SparkSubmitHook(
        conf=dict(job.settings),
        name=job.program.stem,
        application_args=[file],
        env_vars=job.environment,
    )
    try:
        hook.submit(str(job.program))
    except AirflowException as error:
        raise SparkError(f"{job.program.name} failed, see the log above: {error}") from error
