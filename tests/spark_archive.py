"""Archive the classes that Spark loads, so that each JVM of a test starts in half the time.

python -m tests.spark_archive     write the archive, unless there is one for this version of Spark

A JVM that cannot use the archive, or finds none, loads its classes as usual.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from contender.settings import SHORT_LIVED_JVM

BUILD = Path(__file__).resolve().parents[1] / "build"


def archive_file() -> Path:
    """Return the archive for this version of Spark."""
    return BUILD / f"spark-{version('pyspark')}.jsa"


def java_options() -> str:
    """Return the options of a test's JVMs."""
    return f'{SHORT_LIVED_JVM} "-XX:SharedArchiveFile={archive_file()}" -Xlog:cds=off -Xlog:cds+dynamic=off'


def write_archive() -> None:
    """Run a small Spark job, and archive its classes when it ends."""
    BUILD.mkdir(exist_ok=True)
    environment = os.environ | {
        "JDK_JAVA_OPTIONS": SHORT_LIVED_JVM,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    with TemporaryDirectory(dir=BUILD) as folder:
        draft = Path(folder) / "classes.jsa"
        command = ["spark-submit", "--master", "local[1]", "--conf", "spark.ui.enabled=false"]
        command += ["--driver-java-options", f'"-XX:ArchiveClassesAtExit={draft}"', __file__, folder]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        draft.replace(archive_file())


def run_job(folder: str) -> None:
    """Read, join, aggregate and write rows, as the jobs of the tests do."""
    from pyspark.sql import SparkSession, Window
    from pyspark.sql import functions as fn

    session = SparkSession.builder.getOrCreate()
    rows = session.createDataFrame([(n, str(n), n / 2) for n in range(9)], ["a", "b", "c"])
    rows.write.parquet(f"{folder}/rows")
    read = session.read.parquet(f"{folder}/rows")
    day = read.select("a", fn.lit("2024-02-29").cast("date").alias("day"))
    joined = read.join(day, "a").withColumn("mean", fn.avg("c").over(Window.partitionBy("day").orderBy("a")))
    joined.groupBy("day", "b").agg(fn.sum("mean").alias("total")).orderBy("b").write.parquet(f"{folder}/sums")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run_job(sys.argv[1])
    elif not archive_file().exists():
        write_archive()
