"""Real deliveries in a lake of the test session's own, and feature builds over them on either engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from contender.featurizing import collect, plan_features, run_in_process
from contender.ingesting import land
from contender.lake import Lake, open_lake
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, Days
from demo import source

# A stretch with a full window before it, and the end of summer time in it.
NIGHTS = Days(first=date(2013, 10, 30), last=date(2013, 11, 4))
HISTORY = Days(first=NIGHTS.first - timedelta(days=27), last=NIGHTS.last)

Build = Callable[..., dict[str, pd.DataFrame]]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> tuple[Settings, Lake]:
    here = Settings(home=tmp_path_factory.mktemp("features") / "home")
    lake = open_lake(here)
    source.drop_reference(here.landing)
    for name, spec in catalog.datasets.items():
        days = HISTORY.shifted(spec.delivery.lead_days)
        if spec.kind == "daily":
            source.drop(name, days.each(), here.landing)
        lake.publish(spec.contract, land(spec, days, here))
    return here, lake


@pytest.fixture(scope="session")
def build(world: tuple[Settings, Lake], catalog: Catalog) -> Build:
    """Build the features and labels of some nights on an engine; returns both tables."""
    here, lake = world

    def run(model: str, engine: str, nights: Days = NIGHTS, lake: Lake = lake) -> dict[str, pd.DataFrame]:
        spec, chosen = catalog.model(model), here.model_copy(update={"engine": engine})
        plan = plan_features(catalog, spec, nights, lake, chosen)
        if engine == "spark":
            submit(plan.file)
        else:
            run_in_process(plan)
        batches = collect(spec, plan, chosen)
        return {
            name: pd.concat([pd.read_parquet(file.path) for file in batch.files]).reset_index(drop=True)
            for name, batch in batches.items()
        }

    return run


def submit(plan: str) -> None:
    beside_python = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": os.pathsep.join([beside_python, os.environ["PATH"]]),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    command = ["spark-submit", "--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    command += [
        "--conf",
        "spark.sql.shuffle.partitions=4",
        str(PROJECT / "spark_jobs/build_features.py"),
        plan,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
