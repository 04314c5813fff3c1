"""Several files a day on S3, through the gate into the lake: in order, idempotent, and corrected by a later file."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

import boto3
import pytest

from contender.admission import gate_batch, list_quarantined, publish_batch
from contender.ingesting import land
from contender.installation import Installation
from contender.landing import NotDelivered
from contender.records import migrate
from contender.specs import Column, DatasetSpec, Days, Delivery
from tests.made_up_catalog import install

DAY = Days.one(date(2024, 3, 1))
FOLDER = "orders/20240301"
ORDERS = DatasetSpec(
    name="orders",
    description="Orders.",
    owner="shop@company.example",
    delivery=Delivery(path="orders/{day:%Y%m%d}/part-*.csv", cron="0 6 * * *"),
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="receipt", type="string", description="receipt"),
        Column(name="amount", type="number", description="amount"),
    ),
    primary_key=("day", "receipt"),
)


@pytest.fixture
def shop(on_s3) -> Installation:
    migrate(on_s3.records)
    return install(on_s3, [ORDERS])


def deliver(shop: Installation, name: str, *rows: str) -> None:
    place = urlsplit(shop.settings.landing)
    body = "\n".join(["day,receipt,amount", *(f"2024-03-01,{row}" for row in rows)]) + "\n"
    key = f"{place.path.strip('/')}/{name}"
    boto3.client("s3").put_object(Bucket=place.netloc, Key=key, Body=body.encode())


def night(shop: Installation, run: str):
    batch = land(ORDERS, DAY, shop.settings)
    result = gate_batch(shop, batch, run)
    return result, publish_batch(shop, batch, run) if result.verdict != "fail" else None


def published(shop: Installation) -> list[str]:
    return shop.lake.read(ORDERS.contract, DAY)["receipt"].to_pylist()


def test_a_day_of_several_objects_is_published_once_and_corrected_by_a_later_one(shop):
    deliver(shop, f"{FOLDER}/_SUCCESS")
    with pytest.raises(NotDelivered, match="no file in the landing zone s3://"):
        land(ORDERS, DAY, shop.settings)

    deliver(shop, f"{FOLDER}/part-1.csv", "r3,3")
    deliver(shop, f"{FOLDER}/part-0.csv", "r1,1", "r2,2")
    result, first = night(shop, "first")
    assert [file.name for file in result.delivered] == [f"{FOLDER}/part-0.csv", f"{FOLDER}/part-1.csv"]
    assert first.changed
    assert published(shop) == ["r1", "r2", "r3"]

    assert not night(shop, "again")[1].changed

    deliver(shop, f"{FOLDER}/part-2.csv", "r4,4")
    corrected = night(shop, "late file")[1]
    assert (corrected.changed, corrected.corrected) == (True, True)
    assert published(shop) == ["r1", "r2", "r3", "r4"]


def test_a_failed_delivery_is_quarantined_with_all_files_and_names_that_of_the_bad_row(shop):
    deliver(shop, f"{FOLDER}/part-0.csv", "r1,1")
    deliver(shop, f"{FOLDER}/part-1.csv", "r1,2")
    result, _ = night(shop, "first")
    assert result.verdict == "fail"
    (key,) = result.failed[0].failing_keys
    assert key["delivered in"] == f"{FOLDER}/part-0.csv row 2, {FOLDER}/part-1.csv row 2"
    (kept,) = list_quarantined(shop)
    assert [source.rsplit("/", 1)[1] for source in kept.batch.sources] == [
        "orders__20240301__part-0.csv",
        "orders__20240301__part-1.csv",
    ]
    # The gate of a release shows the same origins.
    again = gate_batch(shop, kept.batch, "release")
    assert again.failed[0].failing_keys == (key,)
