"""`contender check --leaks` on tables that no simulated source delivers: an honest model, and copies that leak."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from contender.featurizing import BuildError, find_leaks
from contender.installation import Installation
from contender.lake import stage
from contender.specs import Column, DatasetSpec, Days, Delivery, Input, ModelSpec, Recipe
from tests.made_up_catalog import install

DAYS = Days(first=date(2026, 1, 1), last=date(2026, 1, 31))
NIGHT = date(2026, 1, 24)
SHOP = Column(name="shop", type="string", description="where")
VISITS = DatasetSpec(
    name="visits",
    description="Visits by shop.",
    owner="shop@company.example",
    delivery=Delivery(path="visits/{day}.csv", cron="0 3 * * *"),
    columns=(
        Column(name="day", type="date", description="of the visits"),
        SHOP,
        Column(name="visitors", type="integer", description="people", nullable=True),
    ),
    primary_key=("day", "shop"),
)
MODEL = ModelSpec(
    name="crowded",
    description="Probability of a crowd.",
    owner="shop@company.example",
    label="more than 50 visitors",
    inputs=(Input(dataset="visits", history_days=7),),
    keys=(SHOP,),
    features=(
        Column(name="visitors_before", type="number", description="mean before", nullable=True),
        Column(name="days_open", type="integer", description="days with rows"),
    ),
    recipes=(Recipe(name="trees", window_days=7),),
    baseline_features=("visitors_before",),
)
FEATURES = """
from pyspark.sql import functions as F


def build_features(tables, days):
    seen = tables["visits"].select(F.col("day").alias("seen"), "shop", "visitors")
    asked = days.crossJoin(tables["visits"].select("shop").distinct())
    return (
        asked.join(seen, "shop")
        .where(F.col("seen") < F.col("day"))
        .groupBy("day", "shop")
        .agg(F.avg("visitors").alias("visitors_before"), F.countDistinct("seen").alias("days_open"))
    )


def build_labels(tables, days):
    label = F.when(F.col("visitors") > 50, 1).otherwise(0).alias("label")
    return tables["visits"].join(days, "day").select("day", "shop", label)
"""


@pytest.fixture
def shop(here) -> Installation:
    """An installation with a month of visits."""
    made = install(here, [VISITS], [MODEL])
    random = np.random.default_rng(3)
    rows = [
        {"day": day, "shop": name, "visitors": None if number == 4 else int(random.integers(0, 100))}
        for day in DAYS.each()
        for number, name in enumerate("abcdef")
    ]
    made.lake.publish(VISITS.contract, stage(pa.Table.from_pylist(rows), VISITS.contract, DAYS, here.staging))
    return made


def write_features(shop: Installation, was: str = "", now: str = "") -> None:
    home = shop.catalog.model_home(MODEL.name)
    home.mkdir(parents=True, exist_ok=True)
    assert was in FEATURES
    (home / "features.py").write_text(FEATURES.replace(was, now) if was else FEATURES)


def test_a_model_that_looks_back_from_its_day_has_no_leak(shop):
    write_features(shop)
    checked = find_leaks(shop, MODEL)
    assert checked.leaks == ()
    assert checked.nights == Days(first=NIGHT, last=DAYS.last)


def test_a_condition_that_includes_the_scored_day_leaks_from_that_day(shop):
    write_features(shop, 'F.col("seen") < F.col("day")', 'F.col("seen") <= F.col("day")')
    found = find_leaks(shop, MODEL).leaks
    assert {(leak.table, leak.column, leak.source, leak.days) for leak in found} == {
        ("features", "visitors_before", "visits", (date(2026, 1, 25),)),
        ("features", "days_open", "visits", (date(2026, 1, 25),)),
    }
    assert (
        "models/crowded/features.py: `visitors_before` of features of 2026-01-25 changes with visits of 2026-01-25, "
        "which night 2026-01-24 cannot know: limit it to earlier days"
    ) in map(str, found)


def test_a_model_without_a_leak_is_also_checked_on_spark(shop):
    write_features(shop)
    checked = find_leaks(shop, MODEL, date(2026, 1, 30), "spark")
    assert (checked.engine, checked.leaks) == ("spark", ())


def test_a_label_that_uses_a_day_after_its_night_leaks(shop):
    write_features(
        shop,
        'tables["visits"].join(days, "day")',
        'tables["visits"].withColumn("day", F.date_add("day", -2)).join(days, "day")',
    )
    found = find_leaks(shop, MODEL).leaks
    assert {(leak.table, leak.days) for leak in found} == {("labels", (date(2026, 1, 26),))}


def test_the_poisoned_builds_are_removed_and_change_nothing(shop):
    write_features(shop)
    before = shop.lake.snapshot("datasets.visits")
    find_leaks(shop, MODEL)
    assert shop.lake.snapshot("datasets.visits") == before
    assert not list(Path(shop.settings.staging).rglob("changed/**/*.parquet"))


def test_a_lake_without_rows_cannot_be_checked(here):
    empty = install(here, [VISITS], [MODEL])
    with pytest.raises(BuildError, match=r"datasets\.visits has no rows: publish a range of its days first"):
        find_leaks(empty, MODEL)
