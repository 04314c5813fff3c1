"""The lake with a real Iceberg catalog: days are replaced as a whole, and equal content only once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pyarrow as pa
import pytest

from contender.lake import LakeError, open_lake, stage, sweep
from contender.lake.scanning import plan_files, scan_days, whole_files
from contender.lake.schema import arrow_schema
from contender.settings import Settings
from contender.specs import Column, Contract, Days

SALES = Contract(
    table="datasets.sales",
    owner="sales@contender.example",
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="shop", type="string", description="shop"),
        Column(name="amount", type="number", unit="EUR", nullable=True, description="amount"),
    ),
    primary_key=("day", "shop"),
)
FIRST, SECOND = date(2013, 9, 1), date(2013, 9, 2)
A_DAY = Days.one(FIRST)
BOTH = Days(first=FIRST, last=SECOND)


def rows(*sold: tuple[date, str, float]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"day": day, "shop": shop, "amount": amount} for day, shop, amount in sold],
        schema=arrow_schema(SALES),
    )


@pytest.fixture(params=["a folder", "S3"])
def here(request, tmp_path):
    return (
        Settings(home=tmp_path / "home") if request.param == "a folder" else request.getfixturevalue("on_s3")
    )


@pytest.fixture
def staged(here):
    def batch(*sold, days=A_DAY):
        return stage(rows(*sold), SALES, days, here.staging)

    return batch


def held(lake, day=None):
    table = lake.read(SALES, None if day is None else Days.one(day))
    return [(row["day"], row["shop"], row["amount"]) for row in table.to_pylist()]


def test_a_published_day_is_read_back(lake, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0), (FIRST, "b", 2.0)))
    assert held(lake) == [(FIRST, "a", 1.0), (FIRST, "b", 2.0)]


def test_several_days_are_read_one_at_a_time_as_each_is_read_alone(lake, staged):
    lake.publish(SALES, staged((FIRST, "b", 2.0), (FIRST, "a", 1.0), (SECOND, "a", 3.0), days=BOTH))
    found = list(lake.read_each(SALES, [SECOND, FIRST]))
    assert [day for day, _ in found] == [FIRST, SECOND]
    assert all(table.equals(lake.read(SALES, Days.one(day))) for day, table in found)


def test_no_days_are_read_of_a_table_that_does_not_exist(lake):
    assert list(lake.read_each(SALES, [FIRST])) == []


def test_publishing_the_same_day_again_changes_nothing(lake, staged):
    before = lake.publish(SALES, staged((FIRST, "a", 1.0), (FIRST, "b", 2.0)))
    again = lake.publish(SALES, staged((FIRST, "b", 2.0), (FIRST, "a", 1.0)))
    assert before.changed
    assert not again.changed
    assert again.snapshot == before.snapshot


def test_a_changed_delivery_replaces_only_its_day(lake, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0), (SECOND, "a", 5.0), days=BOTH))
    lake.publish(SALES, staged((FIRST, "b", 2.0)))
    assert held(lake) == [(FIRST, "b", 2.0), (SECOND, "a", 5.0)]


def test_a_day_that_became_empty_is_removed(lake, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0), (SECOND, "a", 5.0), days=BOTH))
    lake.publish(SALES, staged())
    assert lake.days(SALES.table) == [SECOND]


def test_an_old_snapshot_stays_readable(lake, staged):
    old = lake.publish(SALES, staged((FIRST, "a", 1.0)))
    lake.publish(SALES, staged((FIRST, "a", 9.0)))
    assert lake.read(SALES, snapshot=old.snapshot)["amount"].to_pylist() == [1.0]


def test_snapshots_are_the_committed_states(lake, staged):
    first = lake.publish(SALES, staged((FIRST, "a", 1.0), (SECOND, "a", 5.0), days=BOTH))
    replaced = lake.publish(SALES, staged((FIRST, "b", 2.0), (FIRST, "c", 2.0)))
    emptied = lake.publish(SALES, staged())
    listed = [(found.id, found.days, found.rows) for found in lake.snapshots(SALES.table)]
    assert listed == [(emptied.snapshot, 1, 1), (replaced.snapshot, 2, 3), (first.snapshot, 2, 2)]
    assert [found.id for found in lake.snapshots(SALES.table, limit=1)] == [emptied.snapshot]


def test_snapshots_are_listed_in_the_order_of_their_commits_although_the_clock_was_set_back(
    lake, staged, monkeypatch
):
    first = lake.publish(SALES, staged((FIRST, "a", 1.0)))
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() - 3600)
    second = lake.publish(SALES, staged((FIRST, "a", 2.0)))
    assert [found.id for found in lake.snapshots(SALES.table)] == [second.snapshot, first.snapshot]
    assert held(lake) == [(FIRST, "a", 2.0)]


def test_the_newest_day_is_the_last_day_with_rows(lake, staged):
    assert lake.newest_day(SALES.table) is None
    lake.publish(SALES, staged((FIRST, "a", 1.0), (SECOND, "a", 5.0), days=BOTH))
    third = date(2013, 9, 3)
    lake.publish(SALES, staged((third, "a", 1.0), days=Days.one(third)))
    for last in (third, SECOND, FIRST):
        assert lake.newest_day(SALES.table) == last
        lake.publish(SALES, staged(days=Days.one(last)))
    assert lake.newest_day(SALES.table) is None


def test_a_snapshot_names_the_published_days_and_the_engine_that_built_them(lake, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0), days=BOTH).model_copy(update={"engine": "spark"}))
    lake.publish(SALES, staged((FIRST, "a", 2.0)).model_copy(update={"engine": "duckdb"}))
    lake.publish(SALES, staged((SECOND, "a", 3.0), days=Days.one(SECOND)))
    listed = [(found.published, found.engine) for found in lake.snapshots(SALES.table)]
    assert listed == [("2013-09-02", None), ("2013-09-01", "duckdb"), (BOTH.key, "spark")]


def test_a_table_that_does_not_exist_has_no_snapshots(lake):
    assert lake.snapshots(SALES.table) == ()


def test_rows_of_another_day_are_never_published(lake, staged):
    with pytest.raises(LakeError, match="rows of other days"):
        lake.publish(SALES, staged((FIRST, "a", 1.0), (SECOND, "b", 2.0)))


def test_a_table_that_does_not_exist_reads_as_empty(lake):
    assert held(lake) == []
    assert lake.pin(SALES.table).files == ()


def test_pinned_files_are_limited_to_the_requested_days(lake, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0), (SECOND, "a", 5.0), days=BOTH))
    (file,) = lake.pin(SALES.table, Days.one(SECOND)).files
    assert "day=2013-09-02" in file


def test_concurrent_writers_all_succeed(here, staged):
    days = [date(2013, 9, number) for number in range(1, 7)]
    open_lake(here).publish(SALES, staged((FIRST, "zero", 0.0)))
    batches = [staged((day, "a", 1.0), days=Days.one(day)) for day in days]
    with ThreadPoolExecutor(3) as writers:
        done = list(writers.map(lambda batch: open_lake(here).publish(SALES, batch), batches))
    assert all(published.changed for published in done)
    assert held(open_lake(here)) == [(day, "a", 1.0) for day in days]


def test_a_reference_table_is_replaced_as_a_whole(lake, here):
    shops = SALES.model_copy(update={"table": "datasets.shops", "daily": False, "primary_key": ("shop",)})
    for amount in (1.0, 2.0):
        batch = stage(rows((FIRST, "a", amount)), shops, Days.one(FIRST), here.staging)
        lake.publish(shops, batch)
    assert lake.read(shops)["amount"].to_pylist() == [2.0]


def test_sweeping_removes_only_old_attempts(here, staged):
    from datetime import timedelta

    staged((FIRST, "a", 1.0))
    assert sweep(here.staging, older_than=timedelta(hours=1)) == 0
    assert sweep(here.staging, older_than=timedelta(0)) == 1


@pytest.mark.parametrize("days", [None, A_DAY, BOTH, Days.one(date(2013, 9, 5))])
def test_the_files_of_days_are_those_that_pyiceberg_plans(lake, staged, days):
    for day in (FIRST, SECOND, date(2013, 9, 3)):
        lake.publish(SALES, staged((day, "a", 1.0), days=Days.one(day)))
    lake.publish(SALES, staged((FIRST, "a", 2.0)))
    table = lake.iceberg(SALES.table)
    for snapshot in table.snapshots():
        scan = scan_days(table, days, snapshot.snapshot_id)
        planned, theirs = plan_files(scan), list(scan.plan_files())
        assert {task.file.file_path for task in planned} == {task.file.file_path for task in theirs}
        assert whole_files(planned) == whole_files(theirs)


def test_rows_that_another_writer_deleted_from_a_file_are_not_read(lake, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0), (FIRST, "b", 2.0)))
    lake.iceberg(SALES.table).delete("shop == 'a'")
    assert held(lake) == [(FIRST, "b", 2.0)]
