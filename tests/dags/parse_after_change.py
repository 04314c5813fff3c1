"""Parse the DAG files as Airflow's DAG processor does: in processes forked from one that has loaded the plugins.

python parse_after_change.py CATALOG    copy a dataset and a model after the plugins are loaded; print all DAG ids
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.plugins_manager import get_fastapi_plugins

from contender.settings import PROJECT


def parse_in_a_fork(file: Path) -> list[str]:
    """Return the ids of a file's DAGs, parsed in a forked process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        bag = DagBag(str(file))
        with os.fdopen(writing, "w") as told:
            json.dump(sorted(bag.dags) + sorted(bag.import_errors.values()), told)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        found: list[str] = json.load(told)
    os.waitpid(child, 0)
    return found


def copy_as(source: Path, target: Path) -> None:
    """Copy a contract under another name."""
    target.parent.mkdir(exist_ok=True)
    target.write_text(source.read_text().replace(f'name="{name_of(source)}"', f'name="{name_of(target)}"'))


def name_of(file: Path) -> str:
    return file.parent.name if file.name == "spec.py" else file.stem


if __name__ == "__main__":
    catalog = Path(sys.argv[1])
    get_fastapi_plugins()
    shutil.copytree(catalog / "models" / "flight_delay", catalog / "models" / "added_model")
    copy_as(catalog / "models" / "flight_delay" / "spec.py", catalog / "models" / "added_model" / "spec.py")
    copy_as(catalog / "datasets" / "weather.py", catalog / "datasets" / "added_dataset.py")
    dags = PROJECT / "dags"
    files = [dags / f"{verb}.py" for verb in ("ingest", "features", "retrain")]
    sys.stdout.write("\n" + json.dumps([name for file in files for name in parse_in_a_fork(file)]) + "\n")
