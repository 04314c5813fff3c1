"""Real deliveries in a lake for the test session, and feature builds from them on either engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from contender.featurizing import collect, plan_features, run_in_process
from contender.ingesting import land
from contender.lake import Lake, open_lake
from contender.records import StagedBatch
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, Days, ModelSpec, load_catalog
from demo import source

CATALOG = load_catalog(PROJECT / "include" / "catalog")
MODELS = sorted(CATALOG.models)

Build = Callable[..., dict[str, pd.DataFrame]]


@pytest.fixture(scope="session", params=MODELS)
def model(request: pytest.FixtureRequest, catalog: Catalog) -> ModelSpec:
    """Each model of the catalog whose datasets have a simulated source."""
    spec = catalog.model(request.param)
    try:
        nights_of(spec)
    except LookupError as unknown:
        pytest.skip(str(unknown))
    return spec


@pytest.fixture(scope="session")
def nights(model: ModelSpec) -> Days:
    """The nights for which features are built."""
    return nights_of(model)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> tuple[Settings, Lake]:
    here = Settings(home=tmp_path_factory.mktemp("features") / "home")
    lake = open_lake(here)
    source.drop_reference(here.landing)
    for name, history in histories(catalog).items():
        spec = catalog.dataset(name)
        days = history.shifted(spec.delivery.lead_days)
        if spec.kind == "daily":
            source.drop(name, days.each(), here.landing)
        lake.publish(spec.contract, land(spec, days, here))
    return here, lake


def nights_of(model: ModelSpec) -> Days:
    """Return a range of nights in the year of its source, up to a day on which its first input is delivered.

    Raises LookupError if no source delivers its datasets.
    """
    name = model.inputs[0].name
    year = source.source_of(name).days.first.year
    closed, last = CATALOG.dataset(name).delivery.closed_days, date(year, 11, 4)
    while last in closed:
        last -= timedelta(days=1)
    return Days(first=date(year, 10, 30), last=last)


def histories(catalog: Catalog) -> dict[str, Days]:
    """Return the days of each dataset that a model reads for its nights, without days delivered ahead."""
    read: dict[str, Days] = {}
    for spec in catalog.models.values():
        for given in spec.inputs:
            if given.dataset and any(given.dataset in (*s.daily, *s.reference) for s in source.SOURCES):
                days = nights_of(spec).reaching_back(given.history_days - 1)
                read[given.dataset] = max(read.get(given.dataset, days), days, key=len)
    return read


@pytest.fixture(scope="session")
def build(world: tuple[Settings, Lake], catalog: Catalog) -> Build:
    """Build the features and labels of some nights on an engine, and return both tables.

    What is built from the session's lake is built once, on Spark for all models in one job.
    """
    here, world_lake = world
    built: dict[tuple[str, str, Days], dict[str, pd.DataFrame]] = {}

    def run(spec: ModelSpec, engine: str, nights: Days, lake: Lake | None = None) -> dict[str, pd.DataFrame]:
        if lake is not None:
            return make([(spec, nights)], engine, lake)[0]
        if (spec.name, engine, nights) not in built:
            wanted = [(spec, nights)]
            if engine == "spark":
                wanted += [one for one in _models_with_source(catalog) if one != (spec, nights)]
            for (one, its_nights), tables in zip(wanted, make(wanted, engine, world_lake), strict=True):
                built[one.name, engine, its_nights] = tables
        return built[spec.name, engine, nights]

    def make(
        wanted: Sequence[tuple[ModelSpec, Days]], engine: str, lake: Lake
    ) -> list[dict[str, pd.DataFrame]]:
        chosen = here.model_copy(update={"engine": engine})
        plans = [plan_features(catalog, spec, nights, lake, chosen) for spec, nights in wanted]
        if engine == "spark":
            submit(*(plan.file for plan in plans))
        else:
            for plan in plans:
                run_in_process(plan)
        return [_read(collect(spec, plan, chosen)) for (spec, _), plan in zip(wanted, plans, strict=True)]

    return run


def _models_with_source(catalog: Catalog) -> Iterator[tuple[ModelSpec, Days]]:
    """Yield each model whose datasets have a simulated source, with its nights."""
    for name in MODELS:
        with suppress(LookupError):
            yield catalog.model(name), nights_of(catalog.model(name))


def _read(batches: Mapping[str, StagedBatch]) -> dict[str, pd.DataFrame]:
    return {
        name: pd.concat([pd.read_parquet(file.path) for file in batch.files]).reset_index(drop=True)
        for name, batch in batches.items()
    }


def submit(*plans: str) -> None:
    beside_python = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": os.pathsep.join([beside_python, os.environ["PATH"]]),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    command = ["spark-submit", "--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    command += [
        "--conf",
        "spark.sql.shuffle.partitions=4",
        str(PROJECT / "spark_jobs/build_features.py"),
        *plans,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
