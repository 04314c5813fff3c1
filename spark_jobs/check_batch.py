"""Checks one large staged batch on Spark, by the contract and in the words of the gate in memory.

    spark-submit spark_jobs/check_batch.py TASK.json

The task names the contract, the batch's Parquet files, what is known of the days before it, and the file that the
result goes to. Great Expectations is needed on the driver alone; `include/` has to be on its PYTHONPATH.
"""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

from contender.gating import run_task


def main(task_file: str) -> None:
    """Check the batch and print one line about it."""
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
