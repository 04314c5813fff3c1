"""Run each model's functions on both engines over a sample, and find the rows on which they differ."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from contender.featurizing.plan import Engine, Plan, plan_features
from contender.featurizing.run import JOB, BuildError, read_output
from contender.featurizing.sample import sample_rows
from contender.installation import Installation
from contender.lake import Lake, open_lake, places, stage
from contender.settings import SHORT_LIVED_JVM, Settings
from contender.specs import Catalog, Contract, Days, ModelSpec
from contender.specs.frozen import Frozen

# A leap day, and the first day of a month.
NIGHTS = Days(first=date(2024, 2, 29), last=date(2024, 3, 1))
ENGINES: tuple[Engine, Engine] = ("spark", "duckdb")

_COMPARED_DAYS = 90

_LOCAL_SPARK = {
    "PYSPARK_SUBMIT_ARGS": "--master local[1] --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=1 "
    "pyspark-shell",
    "SPARK_LOCAL_IP": "127.0.0.1",
    "JDK_JAVA_OPTIONS": os.environ.get("JDK_JAVA_OPTIONS", SHORT_LIVED_JVM),
}


class ComparedNight(Frozen):
    """A night that was built on both engines: one line for each function that fails and each column that differs."""

    model: str
    night: date
    differences: tuple[str, ...]

    @property
    def message(self) -> str:
        """The differences, after the model and the night."""
        return "\n".join((f"{self.model}: the engines differ in the night {self.night}:", *self.differences))


def has_java() -> bool:
    """Return whether Spark can be started on this machine."""
    return "JAVA_HOME" in os.environ or shutil.which("java") is not None


def runs_on_both(model: ModelSpec, settings: Settings) -> bool:
    """Return whether nights and history of a model may be built on different engines."""
    return model.engine == "auto" and settings.engine == "auto"


def find_engine_differences(catalog: Catalog, models: Sequence[ModelSpec], settings: Settings) -> list[str]:
    """Build a sample's features and labels of these models on both engines.

    Returns one line for each function that fails and each column that differs, with the first row and both values.
    """
    if not models:
        return []
    with TemporaryDirectory(prefix="engines-") as folder:
        here = settings.moved_to(Path(folder))
        lake = open_lake(here)
        _publish_samples(catalog, models, lake, here)
        return _compare(catalog, models, NIGHTS, lake, here)


def choose_night(lake: Lake, model: ModelSpec, seed: str) -> date | None:
    """Return one of the newest nights with labels, the same for equal seeds; None if there is none."""
    days = lake.days(model.label_contract.table)[-_COMPARED_DAYS:]
    maturity = timedelta(days=model.label_maturity_days)
    return Random(seed).choice(days) + maturity if days else None  # noqa: S311 - a sample


def compare_past_night(here: Installation, model: ModelSpec, seed: str) -> ComparedNight | None:
    """Build one of the newest nights on both engines from the lake's newest snapshots, without publishing it.

    Returns None if there is nothing to compare: no labels, no Java, or a model that is built on one engine only.
    """
    night = choose_night(here.lake, model, seed)
    if night is None or not has_java() or not runs_on_both(model, here.settings):
        return None
    with TemporaryDirectory(prefix="engines-") as folder:
        scratch = here.settings.moved_to(Path(folder))
        differences = _compare(here.catalog, [model], Days.one(night), here.lake, scratch)
    return ComparedNight(model=model.name, night=night, differences=tuple(differences))


def _compare(
    catalog: Catalog, models: Sequence[ModelSpec], nights: Days, lake: Lake, scratch: Settings
) -> list[str]:
    plans: dict[Engine, list[Plan]] = {}
    for engine in ENGINES:
        chosen = scratch.model_copy(update={"engine": engine})
        plans[engine] = [
            plan_features(catalog, _on_any_engine(model), nights, lake, chosen) for model in models
        ]
    with ThreadPoolExecutor() as pool:
        failed = dict(zip(ENGINES, pool.map(_run, plans.values()), strict=True))
    mistakes: list[str] = []
    for model, *pair in zip(models, *plans.values(), strict=True):
        errors = [
            f"on {engine}: {failed[engine][model.name]}" for engine in ENGINES if model.name in failed[engine]
        ]
        if errors:
            mistakes.append(f"{model.name}/features.py fails {'; '.join(errors)}")
        else:
            mistakes += _compare_plans(model, pair)
    return mistakes


def _on_any_engine(model: ModelSpec) -> ModelSpec:
    """Return the model without an engine of its own, so that the settings choose it."""
    return model.model_copy(update={"engine": "auto"})


def _publish_samples(catalog: Catalog, models: Sequence[ModelSpec], lake: Lake, here: Settings) -> None:
    read: dict[str, tuple[Contract, Days]] = {}
    for model in models:
        for source in catalog.sources(model):
            days = NIGHTS.shifted(source.lead_days).reaching_back(source.history_days - 1)
            known = read.get(source.contract.table, (source.contract, days))[1]
            both = Days(first=min(days.first, known.first), last=max(days.last, known.last))
            read[source.contract.table] = (source.contract, both)
    for contract, days in read.values():
        lake.publish(contract, stage(sample_rows(contract, days), contract, days, here.staging))


def _run(plans: Sequence[Plan]) -> dict[str, str]:
    """Run plans in one process per engine, because Spark starts slowly. Returns the error of each failed model."""
    environment = {**os.environ, **_LOCAL_SPARK, "PYTHONPATH": "", "PYSPARK_PYTHON": sys.executable}
    failed: dict[str, str] = {}
    left = list(plans)
    while left:
        command = [sys.executable, str(JOB), *(plan.file for plan in left)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode == 0:
            break
        # The job stops at the first plan that fails.
        broken = next((n for n, plan in enumerate(left) if not _is_built(plan)), 0)
        failed[left[broken].model] = _last_error(done.stderr)
        left = left[broken + 1 :]
    return failed


def _is_built(plan: Plan) -> bool:
    return all(places.files(folder, suffix=".parquet") for folder in plan.outputs.values())


def _last_error(output: str) -> str:
    raised = re.findall(r"^[\w.]*(?:Error|Exception|Exit): .*", output, re.MULTILINE)
    lines = output.strip().splitlines()
    return (raised or lines or ["no output"])[-1][:300]


def _compare_plans(model: ModelSpec, plans: Sequence[Plan]) -> Iterator[str]:
    for output, contract in (("features", model.feature_contract), ("labels", model.label_contract)):
        built = []
        for plan in plans:
            try:
                built.append(read_output(plan, output, contract))
            except BuildError as error:
                first, *mistakes = str(error).splitlines()
                yield from (f"{model.name}/features.py, on a sample: {line}" for line in mistakes or [first])
                break
        if len(built) == len(ENGINES):
            yield from compare_rows(contract, f"{model.name}/features.py: build_{output}", *built)


def compare_rows(contract: Contract, function: str, spark: pa.Table, duckdb: pa.Table) -> Iterator[str]:
    """Yield a line for each column in which rows of both engines differ, with the first row; numbers differ by 1e-9."""
    tables = [{_key(row, contract): row for row in rows.to_pylist()} for rows in (spark, duckdb)]
    for engine, rows, others in zip(ENGINES, tables, reversed(tables), strict=True):
        if alone := [key for key in rows if key not in others]:
            yield f"{function}: {len(alone)} rows are built on {engine} only, such as the row {min(alone)}"
    common = sorted(tables[0].keys() & tables[1].keys())
    for column in contract.column_names:
        pairs = ((key, tables[0][key][column], tables[1][key][column]) for key in common)
        if wrong := [pair for pair in pairs if not _are_equal(*pair[1:])]:
            key, left, right = wrong[0]
            yield (
                f"{function}: column {column!r} differs between the engines in {len(wrong)} of {len(common)} rows, "
                f"such as the row {key}: {left!r} on Spark, {right!r} on DuckDB. See docs/ENGINES.md"
            )


def _key(row: dict[str, Any], contract: Contract) -> str:
    return ", ".join(f"{name}={row[name]}" for name in contract.primary_key)


def _are_equal(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9)
    return bool(left == right)
