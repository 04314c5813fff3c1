"""Upkeep, erasure, quarantine and feature builds with all files on S3."""

from __future__ import annotations

from datetime import date, timedelta

import boto3
import pyarrow as pa
import pytest

from contender.admission import discard_batch, list_quarantined, quarantine_batch
from contender.erasing import erase
from contender.featurizing import collect, plan_features, run_in_process
from contender.gating import check
from contender.ingesting import land
from contender.lake import maintain_table, open_lake, places, snapshots, stage, sweep, upkeep
from contender.lake.schema import arrow_schema
from contender.specs import Column, DatasetSpec, Days, Delivery
from demo import source
from demo.source import faults
from tests.made_up_catalog import install

SALES = DatasetSpec(
    name="sales",
    description="Sales.",
    owner="sales@contender.example",
    delivery=Delivery(path="sales/{day}.csv", cron="0 5 * * *"),
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="customer", type="string", description="customer"),
    ),
    primary_key=("day", "customer"),
)
FIRST = date(2013, 9, 1)
NIGHT = Days.one(date(2013, 9, 2))


@pytest.fixture
def here(on_s3):
    return on_s3


def put(lake, here, *customers: str):
    rows = pa.Table.from_pylist(
        [{"day": FIRST, "customer": name} for name in customers], schema=arrow_schema(SALES.contract)
    )
    return lake.publish(SALES.contract, stage(rows, SALES.contract, Days.one(FIRST), here.staging))


def customers(lake):
    return lake.read(SALES.contract)["customer"].to_pylist()


def test_all_files_of_an_installation_on_s3_are_on_s3(lake, here):
    put(lake, here, "ann")
    assert [file.place for file in places.files(here.lake, suffix=".parquet")] == list(
        lake.pin(SALES.contract.table).files
    )
    assert not (here.home / "staging").exists()
    assert not (here.home / "lake").exists()


def test_a_file_on_s3_is_named_by_its_digest(lake, here):
    put(lake, here, "ann")
    ((_, day_file),) = lake.day_files(SALES.contract.table, Days.one(FIRST)).items()
    (file,) = lake.pin(SALES.contract.table).files
    assert places.name_of(file) == f"{day_file.digest}.parquet"


def test_orphans_on_s3_are_removed_and_the_table_is_unchanged(lake, here, monkeypatch):
    put(lake, here, "ann")
    stray = places.write(f"{here.lake}/datasets/sales/data/day=2013-09-01/killed.parquet", b"half a commit")
    assert maintain_table(lake, SALES.contract, (), timedelta(days=1)).orphans == ()
    for module in (snapshots, upkeep):
        monkeypatch.setattr(module, "SAFETY", timedelta(0))
    assert maintain_table(lake, SALES.contract, (), timedelta(days=1)).orphans == (stray,)
    assert not places.exists(stray)
    assert customers(lake) == ["ann"]


def test_a_key_is_erased_from_tables_snapshots_and_copies_on_s3(lake, book, here):
    put(lake, here, "ann")
    put(lake, here, "ann", "bob")
    aside = places.write_rows(pa.table({"customer": ["ann", "bob"]}), f"{here.aside}/sales/x.parquet")
    assert aside
    erase(install(here, [SALES]), "customer=ann", "carl", "asked for")
    assert customers(lake) == ["bob"]
    left = [
        file.place
        for root in (here.lake, here.staging, here.aside)
        for file in places.files(root, suffix=".parquet")
        if "ann" in places.read_rows(file.place)["customer"].to_pylist()
    ]
    assert left == []


def test_a_failed_batch_waits_on_s3_until_a_person_discards_it(installation, here, catalog):
    spec = catalog.dataset("departures")
    source.drop("departures", NIGHT.each(), here.landing, fault=faults.append_rerun)
    batch = land(spec, NIGHT, here)
    result = check(spec.contract, batch, "run")
    assert result.verdict == "fail"
    quarantine_batch(batch, result, here)
    (item,) = list_quarantined(installation)
    assert item.batch.files[0].path.startswith(here.quarantine)
    discard_batch(installation, item.id, "carl", "the airline sends it again")
    assert [places.name_of(file.place) for file in places.files(item.place)] == ["batch.json", "gate.json"]


def test_a_duckdb_build_on_s3_equals_one_in_a_folder(here, catalog, tmp_path):
    model, fingerprints = catalog.model("flight_delay"), []
    for settings in (here, here.model_copy(update=in_a_folder(tmp_path))):
        lake = open_lake(settings)
        source.drop_reference(settings.landing)
        for name in ("departures", "weather", "schedule", "planes", "airports"):
            spec = catalog.dataset(name)
            days = NIGHT.reaching_back(2).shifted(spec.delivery.lead_days)
            if spec.kind == "daily":
                source.drop(name, days.each(), settings.landing)
            lake.publish(spec.contract, land(spec, days, settings))
        plan = plan_features(catalog, model, NIGHT, lake, settings)
        assert plan.engine == "duckdb"
        run_in_process(plan)
        batches = collect(model, plan, settings)
        fingerprints.append({name: batch.fingerprint for name, batch in batches.items()})
    assert fingerprints[0] == fingerprints[1]


def in_a_folder(tmp_path):
    return {name: str(tmp_path / "folder" / name) for name in ("landing", "lake", "batches")} | {
        "lake_catalog": f"sqlite:///{tmp_path}/other-catalog.db"
    }


def test_sweeping_on_s3_removes_whole_attempts(lake, here):
    put(lake, here, "ann")
    assert sweep(here.staging, older_than=timedelta(hours=1)) == 0
    assert sweep(here.staging, older_than=timedelta(0)) == 1
    assert places.files(here.staging) == []
    assert customers(lake) == ["ann"]


def test_a_folder_with_more_objects_than_a_page_is_listed_completely(here):
    client, bucket = boto3.client("s3"), here.batches.removeprefix("s3://")
    for number in range(1_005):
        client.put_object(Bucket=bucket, Key=f"many/{number:04d}", Body=b"")
    assert len(places.files(f"{here.batches}/many")) == 1_005
