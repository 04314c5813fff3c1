"""Both engines compute the same rows, to the last bit, for every model there is."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from contender.settings import PROJECT
from contender.specs import Days

MODELS = sorted(path.parent.name for path in (PROJECT / "include/catalog/models").glob("*/spec.py"))


@pytest.mark.parametrize("model", MODELS)
def test_spark_and_duckdb_build_the_same_rows(build, model):
    on_spark, on_duckdb = build(model, "spark"), build(model, "duckdb")
    for table in ("features", "labels"):
        assert len(on_spark[table]) > 0
        pd.testing.assert_frame_equal(on_spark[table], on_duckdb[table], check_exact=True)


def test_one_night_is_built_as_in_a_range(build):
    whole = build("flight_delay", "duckdb")["features"]
    alone = build("flight_delay", "duckdb", Days.one("2013-11-04"))["features"]
    same_day = whole[whole["day"] == date(2013, 11, 5)].reset_index(drop=True)
    assert len(alone) > 0
    pd.testing.assert_frame_equal(same_day, alone, check_exact=True)
