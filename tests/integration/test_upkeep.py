"""Upkeep of real Iceberg tables keeps needed snapshots readable and removes the rest, even if it is killed midway."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from contender.lake import do_upkeep, maintain_table, plan_upkeep, stage, upkeep
from contender.lake.schema import arrow_schema
from contender.lake.upkeep import is_day_of_files
from contender.records import Evaluation, Measures, Pin, TrainedVersion
from contender.specs import Column, Contract, Days

SALES = Contract(
    table="datasets.sales",
    owner="sales@contender.example",
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="shop", type="string", description="shop"),
    ),
    primary_key=("day", "shop"),
)
FIRST = date(2013, 9, 1)
NOTHING = timedelta(0)
MEASURES = Measures(rows=1, mean_label=0, loss=0.1, calibration_error=0.1)


@pytest.fixture
def put(lake, here):
    """Publish one shop's row for the day `after` days after the first, and return the snapshot."""

    def put(shop: str, after: int = 0) -> int:
        day = FIRST + timedelta(days=after)
        rows = pa.Table.from_pylist([{"day": day, "shop": shop}], schema=arrow_schema(SALES))
        return lake.publish(SALES, stage(rows, SALES, Days.one(day), here.staging)).snapshot

    return put


def pin(book, snapshot: int) -> None:
    trained = TrainedVersion(
        model="returns",
        version=1,
        night=FIRST,
        recipe="plain",
        recipe_fingerprint="x",
        features=(),
        trained_on=Days.one(FIRST),
        days_with_rows=1,
        rows=1,
        mean_label=0,
        pins=(Pin(table=SALES.table, snapshot=snapshot),),
        seed=0,
        code_version="x",
        environment="x",
    )
    book.evaluations.add(
        Evaluation(
            id="e",
            model="returns",
            night=FIRST,
            judged_on=Days.one(FIRST),
            challenger=trained,
            champion=None,
            challenger_measures=MEASURES,
            champion_measures=None,
            baseline_measures=MEASURES,
            disagreement=None,
        )
    )


def pinned_in(book) -> set[int]:
    return {pin.snapshot for pin in book.evaluations.pinned_snapshots(SALES.table)}


def shops(lake, snapshot=None):
    return lake.read(SALES, snapshot=snapshot)["shop"].to_pylist()


def data_files(here) -> set[str]:
    return {path.name for path in (Path(here.lake) / "datasets" / "sales" / "data").rglob("*.parquet")}


def age(here, **by: float) -> None:
    then = time.time() - timedelta(**by).total_seconds()
    for path in Path(here.lake).rglob("*"):
        os.utime(path, (then, then))


def test_a_pinned_snapshot_stays_readable_and_an_unpinned_old_one_expires(lake, book, here, put):
    one, two, three = put("one"), put("two"), put("three")
    pin(book, one)
    done = maintain_table(lake, SALES, pinned_in(book), NOTHING)
    existing = {snapshot.snapshot_id for snapshot in lake.iceberg(SALES.table).snapshots()}
    assert one in existing
    assert two not in existing
    assert done.kept_by_pins == 1
    assert shops(lake, one) == ["one"]
    assert shops(lake, three) == shops(lake) == ["three"]
    assert len(data_files(here)) == 2


def test_a_dry_run_returns_the_plan_and_changes_nothing(lake, book, here, put):
    put("one"), put("two")
    before = lake.iceberg(SALES.table).metadata_location
    plan = maintain_table(lake, SALES, pinned_in(book), NOTHING, dry_run=True)
    assert len(plan.expiring) == 2  # the first day's, and the one between its deletion and its new rows
    assert lake.iceberg(SALES.table).metadata_location == before


def test_young_snapshots_are_kept(lake, book, put):
    one = put("one")
    put("two")
    assert maintain_table(lake, SALES, pinned_in(book), timedelta(days=1)).expiring == ()
    assert shops(lake, one) == ["one"]


def test_days_past_their_retention_are_removed_but_stay_in_a_pinned_snapshot(lake, book, put):
    pinned = [put("shop", after) for after in range(5)][-1]
    pin(book, pinned)
    kept = SALES.model_copy(update={"retention_days": 2})
    assert len(maintain_table(lake, kept, pinned_in(book), NOTHING).outdated) == 3
    assert lake.days(SALES.table) == [date(2013, 9, 4), date(2013, 9, 5)]
    maintain_table(lake, kept, pinned_in(book), NOTHING)
    assert len(shops(lake, pinned)) == 5


def test_unreferenced_files_are_removed_after_a_day(lake, book, here, put):
    put("one")
    stray = Path(here.lake) / "datasets" / "sales" / "data" / "day=2013-09-01" / "killed.parquet"
    stray.write_bytes(b"of an attempt that was killed before its commit")
    assert maintain_table(lake, SALES, pinned_in(book), NOTHING).orphans == ()
    age(here, hours=25)
    assert maintain_table(lake, SALES, pinned_in(book), NOTHING).orphans == (str(stray),)
    assert not stray.exists()
    assert shops(lake) == ["one"]


def test_an_orphan_that_a_publication_uses_again_is_kept(lake, book, here, put):
    put("one"), put("two")
    maintain_table(lake, SALES, pinned_in(book), NOTHING)
    age(here, hours=25)
    stray = Path(here.lake) / "datasets" / "sales" / "data" / "day=2013-09-01" / "stray.parquet"
    stray.write_bytes(b"")
    age(here, hours=25)
    plan = plan_upkeep(upkeep.read_state(lake, SALES, pinned_in(book)), datetime.now(UTC), NOTHING)
    os.utime(stray)
    do_upkeep(lake, plan)
    assert stray.exists()


def test_merging_manifests_changes_no_file_and_no_row(lake, book, put, monkeypatch):
    monkeypatch.setattr(upkeep, "MANIFESTS", 2)
    snapshots = [put("shop", after) for after in range(4)]
    files = lake.pin(SALES.table).files
    assert maintain_table(lake, SALES, pinned_in(book), timedelta(days=1)).merge_manifests
    table = lake.iceberg(SALES.table)
    assert len(table.current_snapshot().manifests(table.io)) == 1
    assert lake.pin(SALES.table).files == files
    assert len(shops(lake, snapshots[1])) == 2
    assert not any(name.startswith("commit.manifest") for name in table.properties)
    put("other", 1)
    assert sorted(shops(lake)) == ["other", "shop", "shop", "shop"]


def test_manifests_are_merged_up_to_a_size_so_that_a_day_is_found_without_reading_all(
    lake, book, put, monkeypatch
):
    monkeypatch.setattr(upkeep, "MANIFESTS", 6)
    [put("shop", after) for after in range(12)]

    def sizes():
        table = lake.iceberg(SALES.table)
        return [one.manifest_length for one in table.current_snapshot().manifests(table.io)]

    before = sizes()
    monkeypatch.setattr(upkeep, "MANIFEST_BYTES", 4 * max(before))
    assert maintain_table(lake, SALES, (), timedelta(days=1)).merge_manifests
    assert 1 < len(sizes()) < len(before)
    assert not maintain_table(lake, SALES, (), timedelta(days=1)).merge_manifests
    assert len(shops(lake)) == 12


@pytest.mark.parametrize("step", ["_delete_days", "_merge_manifests", "expire", "_delete_orphans"])
@pytest.mark.parametrize("after", [False, True])
def test_a_killed_upkeep_is_completed_by_the_next_run(lake, book, here, put, monkeypatch, step, after):
    monkeypatch.setattr(upkeep, "MANIFESTS", 2)
    pinned = [put("shop", number) for number in range(4)][1]
    pin(book, pinned)
    put("new", 3)
    (Path(here.lake) / "datasets" / "sales" / "data" / "stray.parquet").write_bytes(b"")
    age(here, hours=25)
    kept = SALES.model_copy(update={"retention_days": 2})
    real = getattr(upkeep, step)

    def die(*given):
        if after:
            real(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(upkeep, step, die)
        with pytest.raises(KeyboardInterrupt):
            maintain_table(lake, kept, pinned_in(book), NOTHING)
    for _ in range(2):
        maintain_table(lake, kept, pinned_in(book), NOTHING)
    age(here, hours=25)
    maintain_table(lake, kept, pinned_in(book), NOTHING)
    assert shops(lake) == ["shop", "new"]
    assert shops(lake, pinned) == ["shop", "shop"]
    existing = {snapshot.snapshot_id for snapshot in lake.iceberg(SALES.table).snapshots()}
    assert existing == {pinned, lake.snapshot(SALES.table)}
    assert len(data_files(here)) == 4


def test_files_of_an_upkeep_killed_after_its_commit_are_removed_as_orphans_later(
    lake, book, here, put, monkeypatch
):
    from contender.lake import snapshots

    def die(files):
        raise KeyboardInterrupt

    put("one"), put("two")
    monkeypatch.setattr(snapshots, "delete", die)
    with pytest.raises(KeyboardInterrupt):
        maintain_table(lake, SALES, pinned_in(book), NOTHING)
    monkeypatch.undo()
    assert len(data_files(here)) == 2
    age(here, hours=25)
    maintain_table(lake, SALES, pinned_in(book), NOTHING)
    assert len(data_files(here)) == 1
    assert shops(lake) == ["two"]


def test_files_are_listed_on_one_day_of_the_week_which_tables_do_not_share(catalog):
    week = [FIRST + timedelta(days=n) for n in range(7)]
    chosen = {c.table: [day for day in week if is_day_of_files(c, day)] for c in catalog.contracts()}
    for contract in catalog.contracts():
        assert len(chosen[contract.table]) == (7 if contract.appended else 1)
    assert len({day for days in chosen.values() if len(days) == 1 for day in days}) > 3


def test_on_other_days_nothing_expires_but_retention_applies(lake, book, put):
    [put("shop", after) for after in range(5)]
    before = {snapshot.snapshot_id for snapshot in lake.iceberg(SALES.table).snapshots()}
    kept = SALES.model_copy(update={"retention_days": 2})
    done = maintain_table(lake, kept, (), None)
    assert (len(done.outdated), done.expiring, done.orphans) == (3, (), ())
    assert before <= {snapshot.snapshot_id for snapshot in lake.iceberg(SALES.table).snapshots()}
