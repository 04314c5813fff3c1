"""An hourly and a weekly source feed a nightly model: contracts, gates, features, and nights around a Monday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from contender.admission import gate_batch, publish_batch, receive_batch, starts_downstream
from contender.featurizing import FrameError, collect, plan_features, read_frame, run_in_process
from contender.installation import Installation
from contender.records import Verdict, migrate
from contender.retraining import InstalledStores, run_night
from contender.scoring import score
from contender.settings import Settings
from contender.specs import (
    Catalog,
    Column,
    DatasetSpec,
    Days,
    Delivery,
    Input,
    ModelSpec,
    OnDay,
    Recipe,
    RowCount,
    Usual,
)

BERLIN = ZoneInfo("Europe/Berlin")
SHOPS = range(20)
# The clocks go forward on 29 March: that day has 23 hours.
SHORT_DAY = date(2026, 3, 29)
HISTORY = Days(first=date(2026, 3, 2), last=date(2026, 4, 10))
# Saturday to Tuesday, with one Monday.
NIGHTS = Days(first=date(2026, 4, 11), last=date(2026, 4, 14))
MONDAY = date(2026, 4, 13)

FOOTFALL = DatasetSpec(
    name="footfall",
    description="Visitors of each shop by hour.",
    owner="shops@company.example",
    delivery=Delivery(path="footfall/{day}.csv", cron="0 3 * * *"),
    columns=(
        Column(name="day", type="date", description="local day"),
        Column(name="shop", type="integer", description="number"),
        Column(name="at", type="timestamp", description="start of the hour, UTC"),
        Column(name="visitors", type="integer", description="in that hour"),
    ),
    primary_key=("shop", "at"),
    expectations=(RowCount(low=23 * 20, high=25 * 20), OnDay(column="at", zone="Europe/Berlin")),
)
PRICES = DatasetSpec(
    name="prices",
    description="Price level of each shop, from Monday on.",
    owner="shops@company.example",
    delivery=Delivery(
        path="prices/{day}.csv",
        cron="0 4 * * *",
        closed_weekdays=("Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ),
    columns=(
        Column(name="day", type="date", description="Monday"),
        Column(name="shop", type="integer", description="number"),
        Column(name="price", type="number", description="level"),
    ),
    primary_key=("day", "shop"),
    expectations=(RowCount(low=20, high=20),),
    # Prices may be those of the week before.
    usual=Usual(repeat_severity=None),
)
MODEL = ModelSpec(
    name="visits",
    description="Visitors of tomorrow.",
    owner="shops@company.example",
    label="visitors of the day",
    predicts="quantity",
    loss="squared",
    inputs=(Input(dataset="footfall", history_days=7), Input(dataset="prices", history_days=7)),
    keys=(Column(name="shop", type="integer", description="number"),),
    features=(
        Column(name="week", type="integer", description="visitors, 7 days"),
        Column(name="evening", type="integer", description="visitors of the newest day after 16:00 UTC"),
        Column(name="price", type="number", description="newest price level"),
    ),
    recipes=(Recipe(name="linear", window_days=20),),
    baseline_features=("evening",),
)
FILES = {
    "features.py": '''
"""Features of an hourly and a weekly table."""
from pyspark.sql import functions as F


def build_features(tables, days):
    asked = days.select("day", F.date_sub("day", 7).alias("first"))

    def known(name):
        past = tables[name].withColumnRenamed("day", "seen")
        return past.join(asked, (F.col("seen") >= F.col("first")) & (F.col("seen") < F.col("day")))

    newest = F.datediff(F.col("day"), F.col("seen")) == 1
    evening = F.when(newest & (F.hour("at") >= 16), F.col("visitors")).otherwise(F.lit(0))
    visits = known("footfall").groupBy("day", "shop").agg(
        F.sum("visitors").alias("week"), F.sum(evening).alias("evening")
    )
    return visits.join(known("prices").select("day", "shop", "price"), ["day", "shop"])


def build_labels(tables, days):
    found = tables["footfall"].join(days, "day")
    return found.groupBy("day", "shop").agg(F.sum("visitors").alias("label"))
''',
    "estimator.py": """
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(Ridge())
""",
    "baseline.py": """
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
def build_baseline(seed):
    return make_pipeline(DummyRegressor())
""",
}


def hours_of(day: date) -> list[datetime]:
    """Return the starts of the hours of a local day, in UTC."""
    first, last = (
        datetime.combine(one, datetime.min.time(), BERLIN) for one in (day, day + timedelta(days=1))
    )
    start, end = first.astimezone(UTC), last.astimezone(UTC)
    return [start + timedelta(hours=n) for n in range(int((end - start) / timedelta(hours=1)))]


def price_of(shop: int, monday: date) -> float:
    return 10 + (shop * 7 + monday.toordinal() // 7) % 9


def visitors_of(shop: int, at: datetime) -> int:
    day = at.astimezone(BERLIN).date()
    monday = day - timedelta(days=day.weekday())
    return int(300 - 10 * price_of(shop, monday) + at.hour + shop + (day.toordinal() + shop * at.hour) % 7)


def deliver(landing: Path, days: Days) -> None:
    """Write the hourly file of each day, and the weekly file of each Monday."""
    for day in days.each():
        lines = [
            f"{day},{s},{at:%Y-%m-%dT%H:%M:%SZ},{visitors_of(s, at)}" for s in SHOPS for at in hours_of(day)
        ]
        write(landing / "footfall" / f"{day}.csv", ["day,shop,at,visitors", *lines])
        if day.weekday() == 0:
            lines = [f"{day},{shop},{price_of(shop, day)}" for shop in SHOPS]
            write(landing / "prices" / f"{day}.csv", ["day,shop,price", *lines])


def write(file: Path, lines: list[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")


def ingest(here: Installation, dataset: str, days: Days) -> tuple[Verdict, bool]:
    """Take the delivery of these days into its table; returns the verdict and whether nights start."""
    batch = receive_batch(here, dataset, days, None)
    verdict = gate_batch(here, batch, f"ingest {days.key}").verdict
    return verdict, starts_downstream(here, publish_batch(here, batch, f"ingest {days.key}"))


def build(here: Installation, nights: Days) -> tuple[Verdict, Verdict]:
    """Build and publish the features and labels of these nights; returns their verdicts."""
    plan = plan_features(here.catalog, MODEL, nights, here.lake, here.settings)
    run_in_process(plan)
    verdicts = []
    for batch in collect(MODEL, plan, here.settings).values():
        verdicts.append(gate_batch(here, batch, f"features {nights.key}").verdict)
        publish_batch(here, batch, f"features {nights.key}")
    features, labels = verdicts
    return features, labels


@pytest.fixture(scope="module")
def shops(tmp_path_factory) -> Installation:
    """An installation with six weeks of both sources, and the features of their nights with a full week before."""
    home = tmp_path_factory.mktemp("shops")
    folder = home / "catalog" / "models" / MODEL.name
    folder.mkdir(parents=True)
    for name, source in FILES.items():
        (folder / name).write_text(source)
    here = Settings(home=home / "home", engine="duckdb")
    migrate(here.records)
    datasets = {spec.name: spec for spec in (FOOTFALL, PRICES)}
    made = Installation(here, Catalog(home=home / "catalog", datasets=datasets, models={MODEL.name: MODEL}))
    deliver(Path(here.landing), Days(first=HISTORY.first, last=NIGHTS.last))
    assert ingest(made, "footfall", HISTORY) == ("pass", False)
    assert ingest(made, "prices", HISTORY) == ("pass", False)
    assert build(made, Days(first=HISTORY.first + timedelta(days=6), last=HISTORY.last)) == ("pass", "pass")
    return made


@pytest.fixture(scope="module")
def nights(shops) -> dict[date, tuple]:
    """For each night in turn: verdicts and starts of both sources, verdicts of the features, and the decision."""
    decided = {}
    for night in NIGHTS.each():
        day = Days.one(night)
        sources = (ingest(shops, "footfall", day), ingest(shops, "prices", day))
        tables = build(shops, day)
        entered = run_night(InstalledStores(shops, MODEL), night).entered
        decided[night] = (sources, tables, [decision.kind for decision in entered])
    return decided


def test_every_night_starts_on_both_sources_also_without_a_weekly_file(nights):
    assert [sources for sources, _, _ in nights.values()] == [(("pass", True), ("pass", True))] * len(NIGHTS)


def test_features_and_labels_pass_their_gates_and_each_night_decides(nights):
    assert [tables for _, tables, _ in nights.values()] == [("pass", "pass")] * len(NIGHTS)
    assert [kinds for _, _, kinds in nights.values()] == [["first"], *[["refreshed"]] * (len(NIGHTS) - 1)]


def test_a_day_with_23_hours_passes_its_gate(shops):
    rows = shops.lake.read(FOOTFALL.contract, Days.one(SHORT_DAY))
    assert rows.num_rows == 23 * len(SHOPS)
    assert shops.book.gates.newest_of(FOOTFALL.contract.table).verdict == "pass"


def test_features_aggregate_hours_and_take_the_newest_weekly_value(shops, nights):
    assert NIGHTS.last in nights
    for day in (MONDAY, MONDAY + timedelta(days=1)):
        features = shops.lake.read(MODEL.feature_contract, Days.one(day)).to_pandas().set_index("shop")
        monday = MONDAY if day > MONDAY else MONDAY - timedelta(days=7)
        before = day - timedelta(days=1)
        expected = pd.DataFrame(
            {
                "price": {shop: price_of(shop, monday) for shop in SHOPS},
                "evening": {
                    shop: sum(visitors_of(shop, at) for at in hours_of(before) if at.hour >= 16)
                    for shop in SHOPS
                },
            }
        )
        assert (features[["price", "evening"]] == expected).all(axis=None)


def test_days_without_a_weekly_file_are_not_missing_training_days(shops, nights):
    assert NIGHTS.last in nights
    champion = shops.registry.champion(MODEL.name)
    assert (champion.missing_days, champion.days_with_rows) == (0, len(champion.trained_on))
    predicted = score(shops, MODEL, Days.one(NIGHTS.last))
    assert predicted.rows == len(SHOPS)


def test_an_hour_of_another_local_day_fails_the_gate_of_its_day(shops):
    night = NIGHTS.last + timedelta(days=1)
    deliver(Path(shops.settings.landing), Days.one(night))
    file = Path(shops.settings.landing) / "footfall" / f"{night}.csv"
    # 23:00 UTC is the next local day.
    file.write_text(file.read_text().replace(f"{night}T05:00:00Z", f"{night}T23:00:00Z"))
    batch = receive_batch(shops, "footfall", Days.one(night), None)
    result = gate_batch(shops, batch, "wrong hour")
    assert result.verdict == "fail"
    assert any("Europe/Berlin" in failed.expectation for failed in result.failed)


def test_fresh_features_and_labels_equal_the_published_ones(shops, nights):
    assert NIGHTS.last in nights
    published, fresh = (read_frame(shops, MODEL.name, NIGHTS, fresh=fresh) for fresh in (False, True))
    pd.testing.assert_frame_equal(published, fresh)


def test_a_fresh_frame_shows_an_edit_that_is_not_published(shops, nights):
    assert NIGHTS.last in nights
    file = shops.catalog.model_home(MODEL.name) / "features.py"
    source = file.read_text()
    file.write_text(source.replace("F.sum(evening)", "F.sum(evening * 2)"))
    published, fresh = (read_frame(shops, MODEL.name, NIGHTS, fresh=fresh) for fresh in (False, True))
    file.write_text(source)
    assert (fresh["evening"] == 2 * published["evening"]).all()
    assert (fresh["week"] == published["week"]).all()


def test_fresh_days_before_the_datasets_are_reported(shops):
    with pytest.raises(FrameError, match="visits: the datasets give no features of 2020-01-01"):
        read_frame(shops, MODEL.name, "2020-01-01", fresh=True)
