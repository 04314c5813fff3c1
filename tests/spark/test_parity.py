"""Spark and DuckDB compute bit-identical rows for every model."""

from __future__ import annotations

import pandas as pd

from contender.specs import Days


def test_spark_and_duckdb_build_the_same_rows(build, model, nights):
    on_spark, on_duckdb = build(model, "spark", nights), build(model, "duckdb", nights)
    for table in ("features", "labels"):
        assert len(on_spark[table]) > 0
        pd.testing.assert_frame_equal(on_spark[table], on_duckdb[table], check_exact=True)


def test_a_night_built_alone_equals_the_same_night_in_a_range(build, model, nights):
    last = Days.one(nights.last)
    whole, alone = build(model, "duckdb", nights), build(model, "duckdb", last)
    for table, days in (("features", model.scored_days(last)), ("labels", model.matured_days(last))):
        of_the_day = whole[table][whole[table]["day"] == days.first].reset_index(drop=True)
        assert len(alone[table]) > 0
        pd.testing.assert_frame_equal(of_the_day, alone[table], check_exact=True)
