"""A small world for faulty nights: one dataset, one model, some days of history, and a champion that serves.

Everything is real except the engine that builds features: DuckDB runs in a process of its own that takes a second, so
`build` reads and writes the same files here in a few lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from contender.admission import gate_batch, publish_batch, receive_batch
from contender.featurizing import Plan, collect, plan_features
from contender.installation import Installation
from contender.records import StagedBatch, migrate
from contender.settings import Settings
from contender.specs import (
    Between,
    Catalog,
    Column,
    DatasetSpec,
    Days,
    Delivery,
    Guards,
    Input,
    ModelSpec,
    Recipe,
    RowCount,
)

NIGHT = date(2013, 9, 20)
HISTORY = Days(first=date(2013, 9, 4), last=NIGHT - timedelta(days=2))
SHOPS = tuple(f"shop {number:02}" for number in range(12))
SALES = DatasetSpec(
    name="sales",
    description="What each shop sold on a day.",
    owner="sales@contender.example",
    delivery=Delivery(path="sales/{day}.csv", cron="30 3 * * *"),
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="shop", type="string", description="shop"),
        Column(name="amount", type="number", unit="EUR", description="turnover"),
    ),
    primary_key=("day", "shop"),
    expectations=(RowCount(low=len(SHOPS), high=len(SHOPS)), Between(column="amount", low=0)),
)
MODEL = ModelSpec(
    name="good_day",
    description="Whether a shop will sell more than usual.",
    owner="models@contender.example",
    label="the shop sold more than 50 EUR",
    inputs=(Input(dataset="sales", history_days=2),),
    keys=(Column(name="shop", type="string", description="shop"),),
    features=(Column(name="before", type="number", unit="EUR", description="turnover of the day before"),),
    recipes=(Recipe(name="line", window_days=10),),
    baseline_features=("before",),
    evaluation_days=2,
    engine="duckdb",
    # A few rows of noise: every bound that noise could exceed is wide.
    guards=Guards(
        max_disagreement=1,
        max_history_change=1,
        max_loss_increase=9,
        max_slice_loss_increase=9,
        max_loss_above_baseline=9,
        max_calibration_error=1,
        max_calibration_increase=1,
        max_seconds_per_million_rows=1e9,
    ),
)
LINE = """
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(LogisticRegression())
"""
BASELINE = """
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
def build_baseline(seed):
    return make_pipeline(DummyClassifier(strategy="prior"))
"""


def write_catalog(home: Path) -> Catalog:
    """Write the model's folder, and return the catalog of the dataset and the model."""
    folder = home / "models" / MODEL.name
    folder.mkdir(parents=True)
    for name, source in {"estimator.py": LINE, "baseline.py": BASELINE, "features.py": ""}.items():
        (folder / name).write_text(source)
    return Catalog(home=home, datasets={SALES.name: SALES}, models={MODEL.name: MODEL})


def amount_of(shop: int, day: date) -> float:
    """Return the turnover of a shop: much on three days, little on the next three."""
    return 20.0 + 60.0 * ((day.toordinal() + shop) % 6 < 3) + shop + day.day / 100


def deliver(settings: Settings, days: Iterable[date], *, extra: float = 0.0, shops: int = len(SHOPS)) -> None:
    """Write the deliveries of these days into the landing zone, in place of earlier ones.

    `extra` is added to each amount; with fewer `shops`, the delivery fails its gate.
    """
    for day in days:
        rows = (f"{day},{SHOPS[shop]},{amount_of(shop, day) + extra}" for shop in range(shops))
        file = Path(settings.landing) / SALES.delivery.path_of(day)
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(".part")
        beside.write_text("\n".join(["day,shop,amount", *rows]) + "\n")
        beside.replace(file)


def build(plan: Plan) -> None:
    """Build features and labels from a plan, reading and writing the files that an engine would."""
    planned = json.loads(Path(plan.file).read_text())
    files = planned["tables"][SALES.name]["files"]
    sold = [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]
    found: dict[str, list[dict[str, object]]] = {"features": [], "labels": []}
    for row in sold:
        tomorrow = row["day"] + timedelta(days=1)
        found["features"].append({"day": tomorrow, "shop": row["shop"], "before": row["amount"]})
        found["labels"].append({"day": row["day"], "shop": row["shop"], "label": int(row["amount"] > 50)})
    for name, output in planned["outputs"].items():
        first, last = map(date.fromisoformat, output["days"])
        rows = [row for row in found[name] if first <= row["day"] <= last]  # type: ignore[operator]
        folder = Path(output["path"])
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / "part-0.parquet")


def create(home: Path) -> Installation:
    """Create an installation with an empty book and a folder of contracts."""
    settings = Settings(home=home / "home", nightly_from=None, quiet_hours="00:00-00:00")
    migrate(settings.records)
    return Installation(settings, write_catalog(home / "catalog"))


def load_history(here: Installation) -> None:
    """Ingest the days before the first night as a range, and build their features and labels."""
    deliver(here.settings, HISTORY.each())
    _admit(here, receive_batch(here, SALES.name, HISTORY, None))
    plan = plan_features(here.catalog, MODEL, HISTORY, here.lake, here.settings)
    build(plan)
    for batch in collect(MODEL, plan, here.settings).values():
        _admit(here, batch)


def _admit(here: Installation, batch: StagedBatch) -> None:
    assert gate_batch(here, batch, "history").verdict != "fail"
    publish_batch(here, batch, "history")
