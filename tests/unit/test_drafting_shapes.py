"""A draft from a folder of files finds how they are delivered, and what it finds lands without a defect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from contender.drafting import Draft, DraftError, draft_from_files
from contender.gating import check
from contender.ingesting import land
from contender.landing import describe_file
from contender.settings import Settings
from contender.specs import DatasetSpec, Days

FIRST = date(2024, 3, 4)  # a Monday
HEADER = "day,receipt,amount"


@pytest.fixture
def draft(here: Settings):
    def from_files(files: Mapping[str, str]) -> Draft:
        for name, content in files.items():
            path = Path(here.landing) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        raws = [describe_file(Path(here.landing) / name, name, name) for name in files]
        return draft_from_files("orders", raws)

    return from_files


def spec_of(draft: Draft) -> DatasetSpec:
    (source,) = draft.files.values()
    namespace: dict = {}
    exec(source, namespace)
    return namespace["SPEC"]


def passes(here: Settings, spec: DatasetSpec, day: date = FIRST) -> bool:
    batch = land(spec, Days.one(day), here)
    return batch.defects == () and check(spec.contract, batch, "run").verdict == "pass"


def text(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def daily(days: list[date], path: str = "orders/{day}.csv") -> dict[str, str]:
    return {path.format(day=day): text(*(f"{day},r{n},{n}.5" for n in range(5))) for day in days}


def span(last: date, *, without: tuple[date, ...] = (), weekends: bool = True) -> list[date]:
    days = [FIRST + timedelta(days=n) for n in range((last - FIRST).days + 1)]
    return [day for day in days if day not in without and (weekends or day.weekday() < 5)]


@pytest.mark.parametrize(
    ("names", "path"),
    [
        (["orders/2024-03-04/part-0.csv", "orders/2024-03-04/part-1.csv"], "orders/{day}/part-*.csv"),
        (["orders_20240304_berlin.csv", "orders_20240304_bonn.csv"], "orders_{day:%Y%m%d}_b*n.csv"),
        (["berlin/2024-03-04.csv", "ulm/2024-03-04.csv"], "*/{day}.csv"),
        (["x/2024-03-04.csv"], "x/{day}.csv"),
        (["till_2024-13-45_20240304.csv"], "till_2024-13-45_{day:%Y%m%d}.csv"),
        (["20241399/2024-03-04.csv"], "20241399/{day}.csv"),
    ],
)
def test_several_files_a_day_are_a_pattern(here, draft, names, path):
    spec = spec_of(draft({name: text(f"{FIRST},r{number},1.5") for number, name in enumerate(sorted(names))}))
    assert spec.delivery.path == path
    assert passes(here, spec)


def test_a_timestamp_gives_the_day(here, draft):
    header = "receipt,ordered_at"
    files = {
        f"orders/{day}.csv": text(*(f"r{n},{day}T{n:02}:00:00Z" for n in range(24)), header=header)
        for day in span(FIRST + timedelta(days=2))
    }
    drafted = draft(files)
    spec = spec_of(drafted)
    assert (spec.delivery.day_of, spec.columns[0].name) == ("ordered_at", "day")
    assert "the day is the date of ordered_at in UTC" in "".join(drafted.findings)
    assert passes(here, spec)


def test_a_timestamp_on_other_days_than_the_files_is_reported(draft):
    with pytest.raises(DraftError, match="ordered_at in UTC have other dates than the files' names"):
        draft({"orders/2024-03-04.csv": text("r1,2024-03-05T01:00:00Z", header="receipt,ordered_at")})


def test_one_file_with_all_days(here, draft):
    rows = [f"{FIRST + timedelta(days=n // 3)},r{n},1.5" for n in range(9)]
    drafted = draft({"history.csv": text(*rows)})
    spec = spec_of(drafted)
    assert (spec.delivery.path, spec.delivery.several_days) == ("history.csv", True)
    assert "a file holds several days, here 2024-03-04 to 2024-03-06" in "".join(drafted.findings)
    assert passes(here, spec)


def test_files_that_repeat_earlier_days(here, draft):
    days = span(FIRST + timedelta(days=3))
    files = {
        f"orders/{day}.csv": text(*(f"{day - timedelta(days=back)},r{back},1" for back in range(3)))
        for day in days
    }
    with pytest.raises(DraftError, match="orders/2024-03-05"):
        draft(files | {"orders/2024-03-05.csv": text("2024-03-04,r1,1", header="day,receipt,total")})
    spec = spec_of(draft(files))
    assert (spec.delivery.path, spec.delivery.several_days) == ("orders/{day}.csv", True)
    assert passes(here, spec)


def test_identical_rows_are_dropped_where_they_leave_a_key(here, draft):
    rows = [f"{FIRST},r{n},{n}.5" for n in range(5)]
    drafted = draft({"orders/2024-03-04.csv": text(*rows, rows[2])})
    spec = spec_of(drafted)
    assert (spec.delivery.duplicates, spec.primary_key) == ("drop_identical", ("day", "receipt"))
    assert "1 of 6 rows are identical to another one, and are dropped" in "".join(drafted.findings)
    assert passes(here, spec)


@pytest.mark.parametrize("rows", [("a,1.5", "a,1.5", "a,2.5"), ("a,1.5", "a,", "a,")])
def test_rows_without_a_key_are_numbered(here, draft, rows):
    drafted = draft({"orders/2024-03-04.csv": text(*(f"{FIRST},{row}" for row in rows))})
    spec = spec_of(drafted)
    assert (spec.delivery.row_number, spec.primary_key) == ("row_number", ("day", "row_number"))
    assert "rows are numbered" in "".join(drafted.findings)
    assert passes(here, spec)


class TestDaysWithoutFiles:
    """Weekdays and holidays are closed days only if the gaps are exactly theirs."""

    def test_no_gap_is_no_finding(self, draft):
        assert draft(daily(span(date(2024, 3, 31)))).findings == ()

    def test_weekends(self, here, draft):
        spec = spec_of(draft(daily(span(date(2024, 3, 29), weekends=False))))
        assert spec.delivery.closed_weekdays == ("Saturday", "Sunday")
        assert passes(here, spec)
        assert land(spec, Days.one("2024-03-09"), here).rows == 0

    def test_one_weekend_may_be_chance(self, draft):
        drafted = draft(daily(span(date(2024, 3, 13), weekends=False)))
        assert spec_of(drafted).delivery.closed_weekdays == ()
        assert "no file of 2024-03-09..2024-03-10" in "".join(drafted.findings)

    def test_the_holidays_of_one_calendar(self, draft):
        without = tuple(
            map(date.fromisoformat, ("2024-03-29", "2024-04-01", "2024-05-01", "2024-05-09", "2024-05-20"))
        )
        more = (date(2024, 10, 3), date(2024, 12, 25), date(2024, 12, 26))
        days = span(date(2024, 12, 31), without=without + more, weekends=False)
        drafted = draft(daily(days))
        assert spec_of(drafted).delivery.closed_holidays == "DE"
        # One day more is no holiday, and one day fewer is a night without its file.
        drafted = draft(daily([day for day in days if day != date(2024, 7, 1)]))
        assert spec_of(drafted).delivery.closed_holidays is None
        assert "2024-07-01" in "".join(drafted.findings)

    def test_a_gap_of_many_calendars_is_asked_about(self, draft):
        drafted = draft(daily(span(date(2024, 4, 7), without=(date(2024, 4, 1),))))
        assert spec_of(drafted).delivery.closed_holidays is None
        (finding,) = drafted.findings
        assert "no file of 2024-04-01: the public holidays of" in finding


def test_everything_is_found_at_once_and_asked_once(here, draft):
    files = {}
    for day in span(date(2024, 3, 29), weekends=False):
        for part in range(2):
            rows = [f"p{n % 2},{day}T0{n}:00:00Z" for n in range(3)]
            files[f"clicks/{day:%Y%m%d}/part-{part}.csv"] = text(*rows, *rows, header="page,clicked_at")
    drafted = draft(files)
    spec = spec_of(drafted)
    assert (spec.delivery.path, spec.delivery.day_of) == ("clicks/{day:%Y%m%d}/part-*.csv", "clicked_at")
    assert spec.delivery.closed_weekdays == ("Saturday", "Sunday")
    assert len(set(drafted.findings)) == len(drafted.findings) >= 3
    assert passes(here, spec)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a/2024-03-04.csv": HEADER, "b.csv": HEADER}, "b.csv has no day in its name"),
        ({"a/2024-03-04.csv": HEADER, "b/c/2024-03-04.csv": HEADER}, "folders of different depth"),
        (
            {
                "2024-03-04.csv": text("2024-03-04,a,1"),
                "2024-03-05.csv": text("2024-03-05,a", header="day,receipt"),
            },
            "2024-03-05.csv: its columns differ from those of 2024-03-04.csv by 'amount'",
        ),
    ],
)
def test_files_of_different_kinds_are_reported(draft, files, message):
    with pytest.raises(DraftError, match=message):
        draft(files)
