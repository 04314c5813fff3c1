"""Check one large staged batch on Spark, with the same expectations and results as the gate in memory.

    spark-submit spark_jobs/check_batch.py TASK.json

The task contains the contract, the batch's Parquet files, statistics of previous days, and the file for the result.
Only the driver needs Great Expectations; `include/` must be on its PYTHONPATH.
"""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

from contender.gating import run_task


def main(task_file: str) -> None:
    """Check the batch and print the result in one line."""
    session = (
        SparkSession.builder.appName("contender-gate")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    result = run_task(task_file, session)
    print(f"{result.table} {result.days.key}: {result.verdict}, {result.rows} rows checked on Spark")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: check_batch.py TASK.json")
    main(sys.argv[1])
