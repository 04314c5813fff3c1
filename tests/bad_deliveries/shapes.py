"""Bad deliveries in other shapes than one file a day with a column `day` and a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contender.specs import Column, DatasetSpec, Delivery
from tests.bad_deliveries.kinds import Outcome

HEADER = "day,receipt,amount"


@dataclass(frozen=True)
class Shape:
    """A delivery of 2024-03-01: what it is, how the contract reads it, its files, and what must come of it."""

    name: str
    what: str
    delivery: Mapping[str, object]
    files: Mapping[str, str]
    outcome: Outcome
    told: tuple[str, ...] = ()
    timed: bool = field(default=False)

    @property
    def spec(self) -> DatasetSpec:
        """The contract; with a time of order instead of an amount if `timed`."""
        last = ("ordered_at", "timestamp") if self.timed else ("amount", "number")
        columns = (("day", "date"), ("receipt", "string"), last)
        return DatasetSpec(
            name="orders",
            description="Orders.",
            owner="shop@company.example",
            delivery=Delivery.model_validate({"cron": "0 6 * * *", **self.delivery}),
            columns=tuple(Column(name=name, type=kind, description=name) for name, kind in columns),
            primary_key=("day", "receipt"),
        )


def lines(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


PARTS = {"path": "orders/{day}/part-*.csv"}
FIRST, SECOND = "orders/2024-03-01/part-0.csv", "orders/2024-03-01/part-1.csv"
HISTORY = {"path": "history.csv", "several_days": True}
WEEK = {"path": "orders_{day:%G-W%V}.csv", "several_days": True}
TIMED = {"path": "{day}.csv", "day_of": "ordered_at", "day_zone": "Europe/Berlin"}
HOLIDAYS = {"path": "{day}.csv", "closed_holidays": "KR"}  # where 1 March is one
ONCE = {"path": "{day}.csv", "duplicates": "drop_identical"}

SHAPES = (
    Shape(
        "one_file_of_the_day_is_empty",
        "One of several files of a day has no bytes",
        PARTS,
        {FIRST: lines("2024-03-01,r1,1"), SECOND: ""},
        "fail",
        (SECOND, "the file is empty"),
    ),
    Shape(
        "another_header_in_one_file",
        "One of several files of a day has a column more",
        PARTS,
        {
            FIRST: lines("2024-03-01,r1,1"),
            SECOND: lines("2024-03-01,r2,2,x", header=f"{HEADER},till"),
        },
        "fail",
        ("different columns", f"{SECOND} has 'till', which {FIRST} does not have"),
    ),
    Shape(
        "one_row_in_two_files",
        "Two files of a day have the same row",
        PARTS,
        {FIRST: lines("2024-03-01,r1,1"), SECOND: lines("2024-03-01,r1,1")},
        "fail",
        ("no two rows share day, receipt", f"{FIRST} row 2, {SECOND} row 2"),
    ),
    Shape(
        "no_file_of_the_day",
        "A folder of the day without a file that matches the pattern",
        PARTS,
        {"orders/2024-03-01/_SUCCESS": "", "orders/2024-03-01/.part-0.csv": lines("2024-03-01,r1,1")},
        "waits",
        ("no file in the landing zone", "orders/2024-03-01/part-*.csv"),
    ),
    Shape(
        "times_of_the_evening_before",
        "Times in UTC whose date in the contract's zone is another day",
        TIMED,
        {
            "2024-03-01.csv": lines(
                "r1,2024-03-01T05:00:00Z", "r2,2024-03-01T23:30:00Z", header="receipt,ordered_at"
            )
        },
        "fail",
        ("of another day", "2024-03-02 in row 3", "ordered_at is read in Europe/Berlin"),
        timed=True,
    ),
    Shape(
        "history_without_the_day",
        "A file with all days that does not have the day yet",
        HISTORY,
        {"history.csv": lines("2024-02-29,r1,1")},
        "waits",
        ("history.csv", "2024-03-01"),
    ),
    Shape(
        "a_row_of_the_history_without_a_day",
        "A file with all days in which a row has no day",
        HISTORY,
        {"history.csv": lines("2024-02-29,r1,1", ",r2,1", "2024-03-01,r1,1")},
        "fail",
        ("day has a value",),
    ),
    Shape(
        "a_day_of_another_week",
        "A weekly file with a day of the next week",
        WEEK,
        {"orders_2024-W09.csv": lines("2024-03-01,r1,1", "2024-03-04,r1,1")},
        "fail",
        ("of another day", "2024-03-04 in row 3", "orders_2024-W09.csv"),
    ),
    Shape(
        "rows_of_a_public_holiday",
        "Rows of a day that the contract's calendar has as a public holiday",
        HOLIDAYS,
        {"2024-03-01.csv": lines("2024-03-01,r1,1")},
        "fail",
        ("1 rows of 2024-03-01, which the contract declares closed", "closed_holidays"),
    ),
    Shape(
        "rows_delivered_twice",
        "Identical rows where the contract drops them",
        ONCE,
        {"2024-03-01.csv": lines("2024-03-01,r1,1", "2024-03-01,r1,1", "2024-03-01,r2,2")},
        "pass",
    ),
    Shape(
        "different_rows_of_one_key",
        "Different rows of one key where the contract drops identical ones",
        ONCE,
        {"2024-03-01.csv": lines("2024-03-01,r1,1", "2024-03-01,r1,2", "2024-03-01,r1,2")},
        "fail",
        ("no two rows share day, receipt", "r1"),
    ),
)
