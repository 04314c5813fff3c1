"""Score many rows on Spark, with the same predictions as in process.

    spark-submit spark_jobs/score.py TASK.json

The task contains the model's contract, the files of features of a pinned snapshot, and the folder with the version's
pipeline, which gets the predictions. The driver and the executors need the packages of the project and Contender
itself (`include/` on PYTHONPATH). The pipeline is broadcast, and loaded once by each Python worker.
"""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

from contender.scoring import run_task


def main(task_file: str) -> None:
    """Score the rows and print the result in one line."""
    session = SparkSession.builder.appName("contender-score").getOrCreate()
    result = run_task(task_file, session)
    print(result.failure or f"{result.rows} rows scored on Spark")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: score.py TASK.json")
    main(sys.argv[1])
