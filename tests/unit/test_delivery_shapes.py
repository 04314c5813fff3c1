"""Deliveries without a column `day`, with several days in a file, without a key, and with identical rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from contender.gating import check
from contender.ingesting import land, stage_files
from contender.landing import MissingFiles, NotDelivered, describe_file
from contender.settings import Settings
from contender.specs import ClosedDays, Column, Csv, DatasetSpec, Days, Delivery, Query

DAY = date(2024, 3, 1)
ONE = Days.one(DAY)
NEXT = date(2024, 3, 2)
COLUMNS = {
    "day": "date",
    "line": "integer",
    "receipt": "string",
    "amount": "number",
    "ordered_at": "timestamp",
}


def dataset(*names: str, key: tuple[str, ...] = ("day", "receipt"), **delivery) -> DatasetSpec:
    given = {"path": "orders/{day}.csv", "cron": "0 6 * * *"} | delivery
    return DatasetSpec(
        name="orders",
        description="Orders.",
        owner="shop@company.example",
        delivery=Delivery(**given),
        columns=tuple(
            Column(name=name, type=COLUMNS[name], description=name, nullable=name == "amount")
            for name in names
        ),
        primary_key=key,
        kind="daily" if "day" in names else "reference",
    )


def deliver(here: Settings, name: str, *lines: str) -> Path:
    path = Path(here.landing) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def staged(batch) -> list[dict]:
    return [row for file in batch.files for row in pq.read_table(file.path).to_pylist()]


def receipts(batch) -> list[str]:
    return [row["receipt"] for row in staged(batch)]


class TestDayOfATimestamp:
    """The column `day` is derived."""

    columns = ("day", "receipt", "ordered_at")

    def land(self, here, *times: str, **delivery):
        lines = [f"r{number},{time}" for number, time in enumerate(times)]
        deliver(here, "orders/2024-03-01.csv", "receipt,ordered_at", *lines)
        return land(dataset(*self.columns, day_of="ordered_at", **delivery), ONE, here)

    @pytest.mark.parametrize(
        ("zone", "times"),
        [
            ({}, ["2024-03-01T00:00:00Z", "2024-03-01T23:59:59.999999Z"]),
            ({"day_zone": "Europe/Berlin"}, ["2024-02-29T23:00:00Z", "2024-03-01T22:59:59Z"]),
            ({"format": Csv(zone="America/New_York")}, ["2024-03-01 00:00:00", "2024-03-01 23:59:59"]),
            ({"day_zone": "UTC", "format": Csv(zone="America/New_York")}, ["2024-02-29 19:00:00"]),
        ],
    )
    def test_it_is_the_date_in_the_zone_of_the_contract(self, here, zone, times):
        batch = self.land(here, *times, **zone)
        assert batch.defects == ()
        assert {row["day"] for row in staged(batch)} == {DAY}

    def test_rows_of_another_day_are_a_defect_that_names_them(self, here):
        (defect,) = self.land(here, "2024-03-01T05:00:00Z", "2024-02-29T23:30:00Z").defects
        assert defect.what == "1 of 2 rows are of another day, for example 2024-02-29 in row 3"
        assert "correct `day_zone`: ordered_at is read in UTC" in defect.way_out

    def test_a_row_without_a_time_fails_the_gate(self, here):
        batch = self.land(here, "2024-03-01T05:00:00Z", "")
        failed = [one.expectation for one in check(dataset(*self.columns).contract, batch, "run").failed]
        assert failed == ["day has a value", "ordered_at has a value"]

    def test_days_before_1970_are_whole_days(self, here):
        (defect,) = self.land(here, "1969-12-31T12:00:00Z").defects
        assert "1969-12-31 in row 2" in defect.what


HISTORY = (
    "day,receipt,amount",
    "2024-02-29,r1,1",
    "2024-03-01,r1,1",
    "2024-03-01,r2,2",
    "2024-03-02,r1,1",
)
ALL = {"path": "history.csv", "several_days": True}
PLAIN = ("day", "receipt", "amount")


class TestSeveralDaysInAFile:
    """A run takes the rows of its own day."""

    def test_of_one_file_with_all_days(self, here):
        file = deliver(here, "history.csv", *HISTORY)
        batch = land(dataset(*PLAIN, **ALL), ONE, here)
        assert (batch.defects, receipts(batch)) == ((), ["r1", "r2"])
        assert batch.delivered[0].digest == describe_file(file, "history.csv", "").digest

    def test_more_days_in_the_file_change_nothing_for_a_day(self, here):
        deliver(here, "history.csv", *HISTORY)
        before = land(dataset(*PLAIN, **ALL), ONE, here)
        deliver(here, "history.csv", *HISTORY, "2024-03-03,r1,1")
        after = land(dataset(*PLAIN, **ALL), ONE, here)
        assert after.fingerprint == before.fingerprint
        assert after.delivered != before.delivered

    def test_a_range_reads_the_file_once(self, here):
        deliver(here, "history.csv", *HISTORY)
        batch = land(dataset(*PLAIN, **ALL), Days(first=date(2024, 2, 29), last=NEXT), here)
        assert [file.rows for file in batch.files] == [1, 2, 1]
        assert len(batch.delivered) == 1

    def test_a_day_that_is_not_in_the_file_yet_is_waited_for(self, here):
        deliver(here, "history.csv", *HISTORY)
        with pytest.raises(NotDelivered, match=r"are not delivered by `history\.csv`.*: 2024-03-03"):
            land(dataset(*PLAIN, **ALL), Days.one("2024-03-03"), here)
        with pytest.raises(MissingFiles, match=r"2024-03-03\.\.2024-03-04"):
            land(dataset(*PLAIN, **ALL), Days(first=DAY, last=date(2024, 3, 4)), here)

    def test_a_closed_day_needs_no_rows_and_may_have_none(self, here):
        deliver(here, "history.csv", *HISTORY)
        closed = dataset(*PLAIN, closed=(NEXT, date(2024, 3, 3)), **ALL)
        assert land(closed, Days.one("2024-03-03"), here).rows == 0
        (defect,) = land(closed, Days.one(NEXT), here).defects
        assert "1 rows of 2024-03-02, which the contract declares closed" in defect.what

    def test_a_file_that_cannot_be_read_fails_instead_of_waiting(self, here):
        deliver(here, "history.csv", "day,receipt", "2024-03-01,r1")
        assert "the columns amount are missing" in land(dataset(*PLAIN, **ALL), ONE, here).defects[0].what

    def test_a_row_without_a_day_fails_every_day(self, here):
        deliver(here, "history.csv", *HISTORY, ",r7,7")
        batch = land(dataset(*PLAIN, **ALL), ONE, here)
        (failed,) = check(dataset(*PLAIN).contract, batch, "run").failed
        assert failed.expectation == "day has a value"

    def test_a_file_for_each_week_holds_only_days_of_its_week(self, here):
        weekly = dataset(*PLAIN, path="orders_{day:%G-W%V}.csv", several_days=True)
        deliver(here, "orders_2024-W09.csv", *HISTORY)
        assert receipts(land(weekly, ONE, here)) == ["r1", "r2"]
        deliver(here, "orders_2024-W09.csv", *HISTORY, "2024-03-04,r1,1")
        (defect,) = land(weekly, ONE, here).defects
        assert defect.what == "1 of 5 rows are of another day, for example 2024-03-04 in row 6"

    def test_a_file_for_each_day_may_hold_the_days_before(self, here):
        rolling = dataset(*PLAIN, several_days=True)
        deliver(here, "orders/2024-03-01.csv", *HISTORY[:4])
        batch = land(rolling, ONE, here)
        assert (batch.defects, receipts(batch)) == ((), ["r1", "r2"])

    def test_columns_set_aside_are_those_of_the_rows_of_the_day(self, here):
        deliver(here, "history.csv", *(f"{line},{n}" for n, line in enumerate(HISTORY)))
        land(dataset(*PLAIN, **ALL), ONE, here)
        (aside,) = Path(here.aside).rglob("*.parquet")
        assert pq.read_table(aside)["0"].to_pylist() == ["2", "3"]

    def test_files_are_tried_for_all_their_days(self, here, tmp_path):
        file = deliver(here, "history.csv", *HISTORY)
        batch = stage_files(
            dataset(*PLAIN, **ALL), [describe_file(file, "history.csv", "")], str(tmp_path / "staging")
        )
        assert (batch.days.key, batch.rows) == ("2024-02-29..2024-03-02", 4)


class TestRowsWithoutAKey:
    """Rows are numbered."""

    spec = dataset("day", "line", "receipt", key=("day", "line"), row_number="line")

    def land(self, here, *rows: str, spec: DatasetSpec = spec):
        deliver(here, "orders/2024-03-01.csv", "day,receipt", *(f"2024-03-01,{row}" for row in rows))
        return land(spec, ONE, here)

    def test_in_the_order_of_the_file(self, here):
        batch = self.land(here, "b", "a", "b")
        assert [(row["line"], row["receipt"]) for row in staged(batch)] == [(1, "b"), (2, "a"), (3, "b")]
        assert check(self.spec.contract, batch, "run").verdict == "pass"

    def test_the_same_bytes_have_the_same_numbers(self, here):
        assert self.land(here, "b", "a").fingerprint == self.land(here, "b", "a").fingerprint
        assert self.land(here, "a", "b").fingerprint != self.land(here, "b", "a").fingerprint

    def test_through_the_files_of_a_day(self, here):
        several = dataset(
            "day", "line", "receipt", key=("day", "line"), row_number="line", path="{day}-*.csv"
        )
        deliver(here, "2024-03-01-b.csv", "day,receipt", "2024-03-01,x")
        deliver(here, "2024-03-01-a.csv", "day,receipt", "2024-03-01,y", "2024-03-01,z")
        assert receipts(land(several, ONE, here)) == ["y", "z", "x"]

    def test_within_each_day_of_a_file(self, here):
        spec = dataset("day", "line", "receipt", key=("day", "line"), row_number="line", **ALL)
        lines = [line.rsplit(",", 1)[0] for line in HISTORY]
        deliver(here, "history.csv", *lines)
        assert [row["line"] for row in staged(land(spec, ONE, here))] == [1, 2]
        # Rows of other days, such as old ones that the source has removed, change no number.
        deliver(here, "history.csv", lines[0], *lines[2:])
        assert [row["line"] for row in staged(land(spec, ONE, here))] == [1, 2]

    def test_of_a_reference_table(self, here):
        spec = dataset("line", "receipt", key=("line",), row_number="line", path="shops.csv")
        deliver(here, "shops.csv", "receipt", "b", "a")
        assert [(row["line"], row["receipt"]) for row in staged(land(spec, ONE, here))] == [
            (1, "b"),
            (2, "a"),
        ]

    def test_unknown_columns_are_set_aside_with_the_row_of_the_file(self, here):
        deliver(here, "orders/2024-03-01.csv", "day,receipt,till", "2024-03-01,a,7")
        land(self.spec, ONE, here)
        (aside,) = Path(here.aside).rglob("*.parquet")
        assert pq.read_table(aside).to_pylist() == [
            {"day": "2024-03-01", "till": "7", "delivered in row": 2},
        ]


class TestIdenticalRows:
    """A contract says whether rows that repeat another one are dropped."""

    rows = ("r1,1", "r2,", "r1,1", "r2,", "r1,1")

    def judge(self, here, *rows: str, **delivery):
        deliver(here, "orders/2024-03-01.csv", ",".join(PLAIN), *(f"2024-03-01,{row}" for row in rows))
        spec = dataset(*PLAIN, **delivery)
        batch = land(spec, ONE, here)
        return batch, check(spec.contract, batch, "run")

    def test_by_default_they_fail(self, here):
        _, result = self.judge(here, *self.rows)
        assert [one.expectation for one in result.failed] == ["no two rows share day, receipt"]

    def test_they_are_dropped_and_counted_in_the_result_of_the_gate(self, here):
        batch, result = self.judge(here, *self.rows, duplicates="drop_identical")
        assert (receipts(batch), result.verdict) == (["r1", "r2"], "pass")
        assert (result.expectations[-1].expectation, result.expectations[-1].observed) == (
            "rows that equal another one in all columns are dropped",
            "3 of 5 delivered rows were dropped",
        )

    @pytest.mark.parametrize("other", ["r1,2", "r1,"])
    def test_different_rows_of_one_key_always_fail(self, here, other):
        _, result = self.judge(here, *self.rows, other, duplicates="drop_identical")
        assert [one.expectation for one in result.failed] == ["no two rows share day, receipt"]

    def test_large_integers_that_differ_in_the_last_digit_are_different(self, here):
        spec = dataset("day", "receipt", "line", duplicates="drop_identical", key=("day", "receipt", "line"))
        rows = [f"2024-03-01,r1,{number}" for number in (2**53, 2**53 + 1, 2**53 + 1)]
        deliver(here, "orders/2024-03-01.csv", "day,receipt,line", *rows)
        assert [row["line"] for row in staged(land(spec, ONE, here))] == [2**53, 2**53 + 1]

    def test_across_files_the_first_is_kept(self, here):
        deliver(here, "2024-03-01-a.csv", ",".join(PLAIN), "2024-03-01,r1,1")
        deliver(here, "2024-03-01-b.csv", ",".join(PLAIN), "2024-03-01,r1,1", "2024-03-01,r2,x")
        batch = land(dataset(*PLAIN, path="{day}-*.csv", duplicates="drop_identical"), ONE, here)
        assert (batch.dropped, receipts(batch)) == (1, ["r1", "r2"])

    def test_with_numbered_rows_they_are_dropped_before_the_numbers_are_given(self, here):
        spec = dataset(
            "day",
            "line",
            "receipt",
            key=("day", "line"),
            row_number="line",
            duplicates="drop_identical",
        )
        deliver(here, "orders/2024-03-01.csv", "day,receipt", *["2024-03-01,a"] * 2, "2024-03-01,b")
        assert [(row["line"], row["receipt"]) for row in staged(land(spec, ONE, here))] == [
            (1, "a"),
            (2, "b"),
        ]


class TestPublicHolidays:
    """A contract names a calendar."""

    @pytest.mark.parametrize(
        ("calendar", "day", "closed"),
        [
            ("DE", "2024-10-03", True),
            ("DE", "2024-11-01", False),
            ("DE-BY", "2024-11-01", True),
            ("DE-BY", "2025-11-01", True),
            ("US", "2024-07-04", True),
            (None, "2024-10-03", False),
        ],
    )
    def test_its_days_are_closed(self, calendar, day, closed):
        days = ClosedDays(holidays=calendar, weekdays=("Sunday",))
        assert (date.fromisoformat(day) in days) is closed
        assert date(2024, 3, 3) in days

    def test_a_holiday_needs_no_file(self, here):
        holiday = Days.one("2024-10-03")
        assert land(dataset(*PLAIN, closed_holidays="DE"), holiday, here).rows == 0
        with pytest.raises(NotDelivered):
            land(dataset(*PLAIN, closed_holidays="FR"), holiday, here)

    def test_it_is_data_of_the_contract(self):
        contract = dataset(*PLAIN, closed_holidays="DE-BY").contract
        assert contract.model_dump(mode="json")["closed"]["holidays"] == "DE-BY"
        assert str(contract.closed) == "public holidays of DE-BY"

    @pytest.mark.parametrize(
        ("calendar", "message"),
        [
            ("Germany", "'Germany' has no calendar .* such as 'DE', or its part, such as 'DE-BY'"),
            ("DE-XX", "there are DE, .*DE-BY"),
        ],
    )
    def test_an_unknown_calendar_is_reported_with_those_that_exist(self, calendar, message):
        with pytest.raises(ValidationError, match=message):
            dataset(*PLAIN, closed_holidays=calendar)


SQL = Query(connection="crm", sql="select * from sales where sold_on = :day")


@pytest.mark.parametrize(
    ("names", "delivery", "message"),
    [
        (PLAIN, {"day_of": "amount"}, "delivery.day_of: 'amount' is not a column of type timestamp"),
        (PLAIN, {"day_zone": "UTC"}, "`day_zone` is the zone of `day_of`"),
        (PLAIN, {"row_number": "line"}, "delivery.row_number: 'line' is not a column of type integer"),
        ((*PLAIN, "line"), {"row_number": "line"}, "'line' is not in primary_key: add it there"),
        (
            ("day", "receipt", "ordered_at"),
            {"day_of": "ordered_at", "names": {"day": "Tag"}},
            "'day' is derived",
        ),
        (PLAIN, {"path": "history.csv"}, "or set `several_days` if one file holds all days"),
        (PLAIN, {"path": "{day:%Y%m}.csv"}, "or set `several_days` if a file holds several"),
        (PLAIN, {"path": None, "query": SQL, "several_days": True}, "`several_days` is of files"),
        (PLAIN, {"path": None, "query": SQL, "row_number": "line"}, "`row_number` is of files"),
        (("receipt",), {"path": "x.csv", "several_days": True}, "delivery.several_days: a reference dataset"),
    ],
)
def test_a_mistake_is_named(names, delivery, message):
    with pytest.raises(ValidationError, match=message):
        dataset(*names, key=("receipt",), **delivery)
