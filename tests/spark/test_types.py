"""A built value without its declared type is the same error on both engines, and none is changed silently."""

from __future__ import annotations

import pyarrow as pa
import pytest

from contender.featurizing import BuildError, plan_features, read_output, run_in_process
from contender.lake import open_lake, stage
from contender.settings import Settings
from contender.specs import Column, DatasetSpec, Days, Delivery, Input, ModelSpec, Recipe
from tests.made_up_catalog import install
from tests.spark.conftest import submit

NIGHT = Days.one("2024-03-01")
ENGINES = ("spark", "duckdb")

FEATURES = """
from pyspark.sql import Window
from pyspark.sql import functions as F


def build_features(tables, days):
    return tables["shops"].crossJoin(days).select(
        *("day", "shop"),
        (F.col("visits") / 10).alias("tenth"),
        F.avg("visits").over(Window.partitionBy("day")).alias("mean_visits"),
        F.col("code").alias("code"),
        (F.col("visits") * 1e18).alias("huge"),
        F.log(F.col("visits") - 5).alias("log_visits"),
        F.sum("visits").over(Window.partitionBy("day")).alias("total"),
    )


def build_labels(tables, days):
    return tables["shops"].crossJoin(days).select("day", "shop", F.lit(0.7).alias("label"))
"""

SHOPS = DatasetSpec(
    name="shops",
    description="Shops.",
    owner="a@b.example",
    kind="reference",
    delivery=Delivery(path="shops.csv", cron="0 6 * * *"),
    columns=(
        Column(name="shop", type="integer", description="shop"),
        Column(name="visits", type="integer", description="visits"),
        Column(name="code", type="string", description="code"),
    ),
    primary_key=("shop",),
)
ROWS = pa.table({"shop": [1, 2], "visits": [5, 30], "code": [" 7 ", "x7"]})

DECLARED = (
    Column(name="tenth", type="integer", description="x"),
    Column(name="mean_visits", type="integer", description="x"),
    Column(name="code", type="integer", description="x"),
    Column(name="huge", type="integer", description="x"),
    Column(name="log_visits", type="number", nullable=True, description="x"),
    Column(name="total", type="integer", description="x"),
)
WRONG = {"tenth", "mean_visits", "code", "huge"}

MODEL = ModelSpec(
    name="visits",
    description="Visits.",
    owner="a@b.example",
    label="visits again",
    inputs=(Input(dataset="shops"),),
    keys=(Column(name="shop", type="integer", description="shop"),),
    features=DECLARED,
    recipes=(Recipe(name="trees", window_days=28),),
    baseline_features=("total",),
    horizon_days=0,
)


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """The plans of both engines, which have run."""
    here = Settings(home=tmp_path_factory.mktemp("types") / "home")
    catalog = install(here, [SHOPS], [MODEL]).catalog
    home = catalog.model_home("visits")
    home.mkdir(parents=True)
    (home / "features.py").write_text(FEATURES)
    lake = open_lake(here)
    lake.publish(SHOPS.contract, stage(ROWS, SHOPS.contract, NIGHT, here.staging))
    made = {}
    for engine in ENGINES:
        made[engine] = plan_features(catalog, MODEL, NIGHT, lake, here.model_copy(update={"engine": engine}))
    submit(made["spark"].file)
    run_in_process(made["duckdb"])
    return made


def error_of(plan, output, contract):
    with pytest.raises(BuildError) as error:
        read_output(plan, output, contract)
    return str(error.value).splitlines()[1:]


def test_values_of_another_type_are_the_same_error_on_both_engines(plans):
    found = [error_of(plans[engine], "features", MODEL.feature_contract) for engine in ENGINES]
    assert found[0] == found[1]
    assert [line.split(": ")[1].split(",")[0] for line in found[0]] == [
        "column 'tenth'",
        "column 'mean_visits'",
        "column 'code'",
        "column 'huge'",
    ]
    assert found[0][0] == (
        "features.visits: column 'tenth', declared as integer, has a fraction in 1 of 2 rows, such as 0.5 in the row "
        "day=2024-03-01, shop=1: round it in build_features, or declare it `number`"
    )


def test_a_fraction_in_a_label_of_0_and_1_is_the_same_error_on_both_engines(plans):
    found = [error_of(plans[engine], "labels", MODEL.label_contract) for engine in ENGINES]
    assert found[0] == found[1]
    assert "label', declared as integer, has a fraction in 2 of 2 rows" in found[0][0]


def test_infinite_values_and_nan_are_missing_on_both_engines(plans):
    fits = tuple(column for column in MODEL.features if column.name not in WRONG)
    contract = MODEL.model_copy(update={"features": fits}).feature_contract
    rows = [
        read_output(plans[engine], "features", contract).sort_by("shop").to_pydict() for engine in ENGINES
    ]
    assert rows[0] == rows[1]
    assert rows[0]["log_visits"][0] is None
    assert rows[0]["total"] == [35, 35]
