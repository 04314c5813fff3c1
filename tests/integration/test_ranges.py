"""A range is judged day by day: missing files and days without rows are named, and no day hides in the total."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from contender.admission import gate_batch
from contender.ingesting import land
from contender.installation import Installation
from contender.landing import MissingFiles, NotDelivered
from contender.records import migrate
from contender.specs import Column, DatasetSpec, Days, Delivery, RowCount, Usual
from tests.made_up_catalog import install

RANGE = Days(first=date(2026, 1, 1), last=date(2026, 2, 28))
CLOSED = date(2026, 1, 4)
SALES = DatasetSpec(
    name="sales",
    description="Sales by shop.",
    owner="sales@shop.example",
    delivery=Delivery(path="sales/{day}.csv", cron="0 3 * * *", closed=(CLOSED,)),
    columns=(
        Column(name="day", type="date", description="of the sale"),
        Column(name="shop", type="integer", description="where"),
        Column(name="sold", type="number", description="price"),
    ),
    primary_key=("day", "shop"),
    expectations=(RowCount(low=5, high=50),),
    usual=Usual(min_rows_ratio=0.5),
)


@pytest.fixture
def shop(here) -> Installation:
    migrate(here.records)
    return install(here, [SALES])


def deliver(shop: Installation, days: Days, rows: int = 20, spec: DatasetSpec = SALES) -> None:
    folder = Path(shop.settings.landing) / "sales"
    folder.mkdir(parents=True, exist_ok=True)
    for day in days.each():
        lines = [f"{day},{number},{day.toordinal() % 97 + number}" for number in range(rows)]
        if day not in spec.delivery.closed_days:
            (folder / f"{day}.csv").write_text("\n".join(["day,shop,sold", *lines]) + "\n")


def gate(shop: Installation, days: Days):
    return gate_batch(shop, land(SALES, days, shop.settings), f"run {days.key}")


def failed(result) -> str:
    return "\n".join(f"{one.expectation}: {one.observed}" for one in result.failed)


def test_a_range_with_a_closed_day_passes(shop):
    deliver(shop, RANGE)
    result = gate(shop, RANGE)
    assert (result.verdict, failed(result)) == ("pass", "")


def test_days_without_rows_do_not_hide_in_the_total_of_a_range(shop):
    deliver(shop, RANGE, rows=40)
    deliver(shop, Days(first=date(2026, 2, 3), last=date(2026, 2, 5)), rows=0)
    deliver(shop, Days.one("2026-02-09"), rows=2)
    result = gate(shop, RANGE)
    assert result.verdict == "fail"
    assert (
        "each day of the range: there are 5 to 50 rows: no rows of 2026-02-03..2026-02-05; 2026-02-09: 2 rows"
        in failed(result)
    )


def test_a_day_of_a_range_is_compared_with_the_same_weekday_before_it(shop):
    deliver(shop, RANGE)
    deliver(shop, Days.one("2026-02-09"), rows=9)
    result = gate(shop, RANGE)
    assert failed(result) == (
        "each day of the range has about as many rows as on the same weekday: 2026-02-09: 9 rows"
    )


def test_all_missing_days_of_a_range_are_named_and_waiting_is_over_for_past_days(shop):
    deliver(shop, RANGE)
    for day in ("2026-01-10", "2026-01-11", "2026-01-12", "2026-02-01"):
        (Path(shop.settings.landing) / "sales" / f"{day}.csv").unlink()
    with pytest.raises(
        MissingFiles,
        match=r"sales: 4 of 59 days .*: 2026-01-10\.\.2026-01-12, 2026-02-01: have them delivered",
    ):
        land(SALES, RANGE, shop.settings)


def test_a_range_waits_for_days_that_are_not_due_yet(shop):
    today = datetime.now(UTC).date()
    deliver(shop, Days(first=today - timedelta(days=3), last=today - timedelta(days=1)))
    with pytest.raises(NotDelivered, match=f"1 of 4 days .*: {today}: ask the source"):
        land(SALES, Days(first=today - timedelta(days=3), last=today), shop.settings)


def test_a_single_day_is_waited_for(shop):
    with pytest.raises(NotDelivered, match=r"sales/2026-01-01\.csv is not in the landing zone"):
        land(SALES, Days.one("2026-01-01"), shop.settings)


OFFICE = SALES.model_copy(
    update={"delivery": SALES.delivery.model_copy(update={"closed_weekdays": ("Saturday", "Sunday")})}
)


def test_a_source_without_weekends_needs_no_files_for_them(shop, here):
    office = install(here, [OFFICE])
    deliver(office, RANGE, spec=OFFICE)
    result = gate_batch(office, land(OFFICE, RANGE, here), "run 1")
    assert (result.verdict, result.rows) == ("pass", 20 * 42)


def test_rows_of_a_weekend_fail_where_the_source_has_none(shop, here):
    saturday = Days.one("2026-01-03")
    deliver(shop, saturday)
    (defect,) = land(OFFICE, saturday, here).defects
    assert defect.what == "there are 20 rows of 2026-01-03, which the contract declares closed"
