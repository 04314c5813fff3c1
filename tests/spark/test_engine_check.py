"""`contender check` names the column, row and values in which a model's functions differ between the engines."""

from __future__ import annotations

import pytest

from contender.featurizing import find_engine_differences
from contender.settings import Settings
from contender.specs import Column
from tests.made_up_catalog import install
from tests.spark.test_types import MODEL, SHOPS

AGREEING = """
from pyspark.sql import functions as F

def build_features(tables, days):
    return tables["shops"].crossJoin(days).select("day", "shop", F.col("visits").alias("x"))

def build_labels(tables, days):
    return tables["shops"].crossJoin(days).select("day", "shop", F.lit(1).alias("label"))
"""
SOURCES = {
    "agreeing": AGREEING,
    "differing": AGREEING.replace('F.col("visits")', 'F.length(F.substring("code", 0, 2))'),
    "other_rows": AGREEING.replace("days).select", 'days).where(F.upper("code") != "STRASSE").select'),
    "fraction": AGREEING.replace('F.col("visits")', '(F.col("visits") / 2)'),
    "dividing": AGREEING.replace('F.col("visits")', '(F.lit(1) / F.col("visits"))'),
    "spark_only": AGREEING.replace('F.col("visits")', 'F.crc32("code")'),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The mistakes of each model, which are found together."""
    here = Settings(home=tmp_path_factory.mktemp("check") / "home")
    column = Column(name="x", type="integer", description="x")
    changes = {"features": (column,), "baseline_features": ("x",)}
    models = [MODEL.model_copy(update={"name": name, **changes}) for name in SOURCES]
    catalog = install(here, [SHOPS], models).catalog
    for name, source in SOURCES.items():
        home = catalog.model_home(name)
        home.mkdir(parents=True)
        (home / "features.py").write_text(source)
    mistakes = find_engine_differences(catalog, models, here)
    return {name: [line for line in mistakes if line.startswith(f"{name}/")] for name in SOURCES}


def test_functions_that_agree_have_no_mistakes(found):
    assert found["agreeing"] == []


def test_a_column_that_differs_is_one_line_with_row_and_values(found):
    (line,) = found["differing"]
    assert line.startswith(
        "differing/features.py: build_features: column 'x' differs between the engines in "
    )
    assert "such as the row day=2024-02-29, shop=" in line
    assert ": 2 on Spark, 1 on DuckDB. See docs/ENGINES.md" in line


def test_rows_of_one_engine_only_are_named(found):
    assert any(
        "rows are built on duckdb only, such as the row day=2024-02-29" in line
        for line in found["other_rows"]
    )


def test_a_value_of_another_type_is_found_on_the_sample(found):
    (line,) = found["fraction"]
    assert "column 'x', declared as integer, has a fraction in" in line


def test_a_function_that_fails_on_both_engines_names_both_errors(found):
    (line,) = found["dividing"]
    assert line.startswith("dividing/features.py fails on spark: ")
    assert "DIVIDE_BY_ZERO" in line
    assert "on duckdb: " in line


def test_a_function_that_fails_on_one_engine_names_it(found):
    (line,) = found["spark_only"]
    assert "on duckdb: AttributeError" in line
    assert "on spark" not in line
