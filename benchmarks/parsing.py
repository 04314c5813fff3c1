"""What a large catalog costs: loading its contracts, and parsing and serialising the DAGs, by the number of models.

python -m benchmarks.parsing        results in benchmarks/results/parsing.json

A catalog of N models consists of copies of `flight_delay`, each with its own three datasets. All figures are CPU
seconds; each file of DAGs has a process of its own, as in Airflow's DAG processor.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.keeping import keep_rows
from contender.settings import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "parsing.json"
MODELS = (10, 100, 300)
VERBS = ("ingest", "features", "score", "retrain", "monitor", "rollback")
COPIED = ("departures", "weather", "schedule")
LOAD = """
import time
from pathlib import Path
from contender.settings import settings
from contender.specs import load_catalog
started = time.process_time()
load_catalog(settings().catalog_home)
print(time.process_time() - started)
"""
PARSE = """
import sys, time
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
started = time.process_time()
bag = DagBag(sys.argv[1], safe_mode=False)
parsed = time.process_time()
assert not bag.import_errors, bag.import_errors
for dag in bag.dags.values():
    DagSerialization.to_dict(dag)
print(len(bag.dags), parsed - started, time.process_time() - parsed)
"""
Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the results."""
    rows = [row for models in MODELS for row in measure(models)]
    print(render(rows))
    keep_rows(RESULTS, rows)


def measure(models: int) -> list[Row]:
    """Return a row for the catalog, then one for each file of DAGs."""
    with tempfile.TemporaryDirectory() as folder:
        home = copy_catalog(Path(folder) / "catalog", models)
        (seconds,) = run(LOAD, home, folder)
        rows = [{"models": models, "what": "load_catalog", "seconds": round(seconds, 2)}]
        for verb in VERBS:
            dags, parsed, serialised = run(PARSE, home, folder, str(PROJECT / "dags" / f"{verb}.py"))
            spent = {"parse": round(parsed, 2), "serialise": round(serialised, 2)}
            rows.append({"models": models, "what": verb, "dags": int(dags), **spent})
    for row in rows:
        print(row, flush=True)
    return rows


def render(rows: list[Row]) -> str:
    """Return the totals of all files as a table in Markdown."""
    lines = ["| models | DAGs | load the catalog | parse | serialise |", "| --- | --- | --- | --- | --- |"]
    for models in MODELS:
        (catalog,) = (row for row in rows if row["models"] == models and row["what"] == "load_catalog")
        files = [row for row in rows if row["models"] == models and row["what"] != "load_catalog"]
        dags, parsed, serialised = (
            sum(row[name] for row in files) for name in ("dags", "parse", "serialise")
        )
        lines.append(
            f"| {models} | {dags:,} | {catalog['seconds']:.1f} s | {parsed:.1f} s | {serialised:.1f} s |"
        )
    return "\n".join(lines)


def copy_catalog(home: Path, models: int) -> Path:
    """Write a catalog with this many copies of the model of flights and its datasets."""
    shipped = PROJECT / "include" / "catalog"
    (home / "datasets").mkdir(parents=True)
    for name in ("planes", "airports"):
        shutil.copy(shipped / "datasets" / f"{name}.py", home / "datasets")
    for nth in range(models):
        for name in COPIED:
            text = (shipped / "datasets" / f"{name}.py").read_text()
            text = text.replace(f'name="{name}"', f'name="{name}_{nth}"')
            (home / "datasets" / f"{name}_{nth}.py").write_text(text)
        folder = home / "models" / f"flight_delay_{nth}"
        shutil.copytree(shipped / "models" / "flight_delay", folder)
        text = (folder / "spec.py").read_text().replace('name="flight_delay"', f'name="flight_delay_{nth}"')
        for name in COPIED:
            text = text.replace(f'"{name}"', f'"{name}_{nth}"')
        (folder / "spec.py").write_text(text)
    return home


def run(code: str, catalog: Path, folder: str, *words: str) -> list[float]:
    """Return the figures that a Python process prints in its last line."""
    environment = {
        **os.environ,
        "CONTENDER_CATALOG_HOME": str(catalog),
        "CONTENDER_HOME": str(Path(folder) / "home"),
        "AIRFLOW_HOME": str(Path(folder) / "airflow"),
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
    }
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [float(figure) for figure in done.stdout.splitlines()[-1].split()]


if __name__ == "__main__":
    main()
