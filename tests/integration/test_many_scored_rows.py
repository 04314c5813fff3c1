"""Scoring takes rows a piece at a time: same predictions, and memory that does not grow with their number."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contender.lake import open_pieces, pieces
from contender.retraining import InstalledStores
from contender.scoring import score, score_in_shadow
from contender.settings import Settings
from contender.specs import Days
from tests.integration.made_up import (
    NIGHT,
    copy_catalog,
    install_flights,
    make_flights,
    publish,
    run_night,
    tomorrow,
)

MANY = 2_000_000
MOST_BYTES = 2 << 30
LIMITED = f"""
import resource, sys
from datetime import date
from contender.installation import Installation
from contender.scoring import score
from contender.settings import settings
from contender.specs import Days
resource.setrlimit(resource.RLIMIT_DATA, ({MOST_BYTES}, {MOST_BYTES}))
here = Installation(settings())
print(score(here, here.catalog.model("flight_delay"), Days.one(date.fromisoformat(sys.argv[1]))).rows)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> InstalledStores:
    """An installation whose champion is a small model of made-up flights."""
    home = tmp_path_factory.mktemp("many")
    stores = install_flights(Settings(home=home / "home"), copy_catalog(home / "catalog"))
    run_night(stores, NIGHT, ["linear"])
    return stores


def test_predictions_do_not_depend_on_how_rows_are_cut(served, monkeypatch):
    whole = score(served.installation, served.model, Days.one(NIGHT))
    shadow = score_in_shadow(served.installation, served.model, {"a": 1, "b": 1}, Days.one(NIGHT))
    monkeypatch.setattr(pieces, "PIECE", 7)
    assert score(served.installation, served.model, Days.one(NIGHT)).fingerprint == whole.fingerprint
    again = score_in_shadow(served.installation, served.model, {"a": 1, "b": 1}, Days.one(NIGHT))
    assert again.fingerprint == shadow.fingerprint


def test_a_piece_has_the_types_that_a_frame_of_all_rows_has(served, monkeypatch):
    model, lake = served.model, served.installation.lake
    night = NIGHT + timedelta(days=2)
    rows = make_flights(model, Days.one(night))
    integer = next(column.name for column in model.features if column.type == "integer")
    rows[integer] = rows[integer].astype("Int64").mask(np.arange(len(rows)) == 0)
    publish(lake, model.feature_contract, rows, served.installation.settings)
    whole = lake.read(model.feature_contract, Days.one(night)).to_pandas()
    monkeypatch.setattr(pieces, "PIECE", 7)
    opened = open_pieces(lake, model.feature_contract, Days.one(night))
    frames = [opened.to_frame(piece) for piece in opened]
    assert len(frames) == -(-len(rows) // 7)
    assert all((frame.dtypes == whole.dtypes).all() for frame in frames)
    together = pd.concat(frames).sort_values(list(model.row_key), ignore_index=True)
    pd.testing.assert_frame_equal(together, whole.sort_values(list(model.row_key), ignore_index=True))


def test_truth_values_of_a_piece_are_objects_if_one_of_all_is_missing(served):
    opened = open_pieces(served.installation.lake, served.model.feature_contract, Days.one(tomorrow(NIGHT)))
    table = pa.table({"late": [True, False]})
    late = pieces.Pieces(opened.days, 2, 1, frozenset({"late"}), ("late",), (), table)
    assert late.to_frame(table)["late"].dtype == pa.table({"late": [True, None]}).to_pandas()["late"].dtype


def test_two_million_rows_are_scored_in_two_gigabytes(served):
    here, night = served.installation, NIGHT + timedelta(days=4)
    day = make_flights(served.model, Days.one(tomorrow(night)), a_day=MANY)
    publish(here.lake, served.model.feature_contract, day, here.settings)
    del day
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(night)],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "CONTENDER_HOME": str(here.settings.home),
            "CONTENDER_CATALOG_HOME": str(here.catalog.home),
        },
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-1] == str(MANY)
