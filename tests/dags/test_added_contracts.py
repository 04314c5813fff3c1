"""A new dataset or model has its DAGs at the next parse of a running Airflow, without a restart."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from contender.settings import PROJECT
from tests.dags import parse_after_change


@pytest.fixture(scope="module")
def parsed(tmp_path_factory) -> list[str]:
    """The DAGs that a running DAG processor finds after a dataset and a model were added."""
    home = tmp_path_factory.mktemp("added") / "catalog"
    shutil.copytree(PROJECT / "include" / "catalog", home)
    done = subprocess.run(
        [sys.executable, parse_after_change.__file__, str(home)],
        env=os.environ | {"CONTENDER_CATALOG_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("dag", ["ingest__added_dataset", "features__added_model", "retrain__added_model"])
def test_an_added_contract_has_its_dags_at_the_next_parse(parsed, dag):
    assert dag in parsed


def test_the_dags_of_the_other_contracts_stay(parsed):
    assert {"ingest__weather", "features__flight_delay", "retrain__household_return"} <= set(parsed)
