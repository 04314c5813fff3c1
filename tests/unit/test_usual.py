"""A day is compared with previous days: its volume, its distributions, and gaps."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.gating.usual import judge_distributions, judge_gap, judge_repeat, judge_volume
from contender.profiles import measure_distances, measure_missing_alone, profile
from contender.records import ColumnProfile, DayProfile
from contender.specs import ClosedDays, Column, Contract, Usual

MONDAY = date(2013, 9, 2)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
CONTRACT = Contract(
    table="datasets.sales",
    owner="sales@shop.example",
    columns=(
        Column(name="day", type="date", description="of the sale"),
        Column(name="price", type="number", description="paid", nullable=True),
        Column(name="shop", type="string", description="where"),
        Column(name="customer", type="string", description="who", pii=True),
    ),
    primary_key=("day", "customer"),
)


def day_of(prices: list[float | None], shops: list[str] | None = None, day: date = MONDAY) -> DayProfile:
    shops = shops or ["north"] * len(prices)
    columns = [[day] * len(prices), prices, shops, [str(n) for n in range(len(prices))]]
    types = [pa.date32(), pa.float64(), pa.string(), pa.string()]
    rows = pa.table(
        [pa.array(v, t) for v, t in zip(columns, types, strict=True)], names=CONTRACT.column_names
    )
    return profile(CONTRACT, day, "digest", rows)


def mondays(*rows: int) -> dict[date, int]:
    return {MONDAY - WEEK * number: count for number, count in enumerate(rows, start=1)}


@pytest.mark.parametrize(
    ("rows", "held", "verdict"),
    [
        (100, mondays(100, 90, 110), "pass"),
        (50, mondays(100, 90, 110), "pass"),
        (49, mondays(100, 90, 110), "fail"),
        (201, mondays(100, 90, 110), "fail"),
        (0, mondays(100, 90, 110), "fail"),
        (100, mondays(100, 100, 1, 100), "pass"),  # one odd Monday moves no median
        (1, mondays(100, 90), "pass"),  # too few to know
        (1, {MONDAY - timedelta(days=n): 100 for n in range(1, 7)}, "pass"),  # no Monday among them
    ],
)
def test_volume_is_compared_with_the_same_weekday(rows, held, verdict):
    assert judge_volume(Usual(), MONDAY, rows, held).verdict == verdict


@pytest.mark.parametrize(
    ("held", "closed", "verdict"),
    [
        ({MONDAY - timedelta(days=1): 1}, ClosedDays(), "pass"),
        ({}, ClosedDays(), "pass"),  # the first day of all
        ({MONDAY + timedelta(days=1): 1}, ClosedDays(), "pass"),  # history that is loaded backwards
        ({MONDAY - timedelta(days=2): 1}, ClosedDays(), "warn"),
        ({MONDAY - timedelta(days=2): 1}, ClosedDays(dates=(MONDAY - timedelta(days=1),)), "pass"),
        ({MONDAY - timedelta(days=3): 1}, ClosedDays(weekdays=("Saturday", "Sunday")), "pass"),
        ({MONDAY - timedelta(days=4): 1}, ClosedDays(weekdays=("Saturday", "Sunday")), "warn"),
    ],
)
def test_a_gap_is_reported(held, closed, verdict):
    assert judge_gap(MONDAY, held, closed).verdict == verdict


prices = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(prices, st.lists(prices, min_size=1, max_size=4))
def test_a_distance_is_between_none_and_one(today, recent):
    column = [day_of(values).columns["price"] for values in (today, *recent)]
    found = measure_distances(column[0], column[1:])
    for compared in (found.missing, found.values):
        assert 0 <= compared.today <= 1
        assert 0 <= compared.largest <= 1
    assert found.beyond >= 0


@given(prices)
def test_a_day_like_all_others_has_no_distance(values):
    column = day_of(values).columns["price"]
    found = measure_distances(column, [column] * 5)
    assert (found.missing.today, found.values.today) == (pytest.approx(0), pytest.approx(0))
    assert found.beyond == 0


NUMBERS = [float(n) for n in range(50)]
RECENT = [day_of(NUMBERS)] * 20


def reported(today: DayProfile, recent: list[DayProfile] = RECENT, **usual: float) -> list[tuple[str, str]]:
    """Return the columns that a gate reports, each with its verdict."""
    judged = judge_distributions(Usual(**usual), today, recent)
    return [(result.columns[0], result.verdict) for result in judged if result.verdict != "pass"]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (day_of([None] * 50), ("price", "fail")),
        (day_of([7.0] * 50), ("price", "warn")),
        (day_of([float(n + 1000) for n in range(50)]), ("price", "warn")),
        (day_of(NUMBERS, ["south"] * 50), ("shop", "warn")),
        (day_of([None] * 5 + NUMBERS[5:]), ("price", "warn")),
        (day_of([7.0] * 5 + NUMBERS[5:]), ("price", "warn")),
    ],
    ids=["all missing", "constant", "moved", "another category", "a tenth missing", "a tenth constant"],
)
def test_an_unusual_distribution_is_reported(today, expected):
    assert reported(today) == [expected]


def test_a_tenth_of_a_category_that_is_missing_or_set_to_one_value_is_reported():
    shops = [f"shop {n % 10}" for n in range(100)]
    recent = [day_of([1.0] * 100, shops)] * 20
    assert reported(day_of([1.0] * 100, ["shop 3"] * 10 + shops[10:]), recent) == [("shop", "warn")]
    assert reported(day_of([1.0] * 100, [None] * 10 + shops[10:]), recent) == [("shop", "warn")]


def test_a_share_that_varies_daily_has_a_wider_limit():
    recent = [day_of([None] * (day % 10) + NUMBERS[day % 10 :]) for day in range(20)]
    assert reported(day_of([None] * 12 + NUMBERS[12:]), recent) == []


def test_rows_that_lose_several_columns_at_once_are_an_event_and_not_a_broken_column():
    def emptied(*names: str, rows: int = 10) -> dict[str, ColumnProfile]:
        return {
            name: ColumnProfile(rows=100, nulls=rows if name in names else 0)
            for name in ("departed", "arrived", "delay", "price")
        }

    quiet = [emptied()] * 13
    storm = emptied("departed", "arrived", "delay", rows=50)
    told = {name: compared.today for name, compared in measure_missing_alone(storm, quiet).items()}
    assert told == {"departed": 0, "arrived": 0, "delay": 0, "price": 0}
    after = measure_missing_alone(emptied("delay"), [*quiet, storm])["delay"]
    assert (round(after.today, 2), after.largest) == (0.1, 0)


def test_an_owner_chooses_the_smallest_change_that_is_reported():
    tenth = day_of([None] * 5 + NUMBERS[5:])
    assert reported(tenth, min_share_change=0.15) == []


def test_a_day_with_the_rows_of_an_earlier_one_is_reported_as_a_stuck_feed():
    rows = [float(n) if n % 3 else None for n in range(20)]
    stuck = [day_of(rows[::-1], day=MONDAY - 2 * DAY), day_of(rows, day=MONDAY - DAY)]
    (told,) = judge_repeat(Usual(), day_of(rows), stuck)
    assert told.verdict == "fail"
    assert "all 20 rows equal those of 2013-09-01 except for the day: the feed may be stuck" in told.observed


@pytest.mark.parametrize(
    ("usual", "today", "verdicts"),
    [
        (Usual(), [float(n) for n in range(19)] + [-1.0], ["pass"]),  # one value differs
        (Usual(), [None] + [float(n) for n in range(1, 20)], ["pass"]),  # a missing value is not 0
        (Usual(), [float(n) for n in range(19)], ["pass"]),
        (Usual(repeat_severity="warn"), [float(n) for n in range(20)], ["warn"]),
        (Usual(repeat_severity=None), [float(n) for n in range(20)], []),
    ],
)
def test_a_day_that_differs_or_may_be_equal_is_no_stuck_feed(usual, today, verdicts):
    before = [day_of([float(n) for n in range(20)], day=MONDAY - DAY)]
    assert [told.verdict for told in judge_repeat(usual, day_of(today), before)] == verdicts


def test_few_rows_are_not_compared_since_they_may_be_equal():
    (told,) = judge_repeat(Usual(), day_of([1.0] * 9), [day_of([1.0] * 9, day=MONDAY - DAY)])
    assert (told.verdict, told.observed) == ("pass", "not checked: only 9 rows")


def test_days_profiled_by_an_older_version_are_not_compared():
    older = day_of([1.0] * 20, day=MONDAY - DAY).model_copy(update={"content": None})
    (told,) = judge_repeat(Usual(), day_of([1.0] * 20), [older])
    assert told.verdict == "pass"


def test_a_column_that_varies_daily_has_a_wider_limit():
    recent = [day_of([float(100 * day + n) for n in range(50)]) for day in range(20)]
    today = day_of([float(2000 + n) for n in range(50)])
    assert {result.verdict for result in judge_distributions(Usual(), today, recent)} == {"pass"}


def test_too_few_days_are_reported_as_not_checked():
    (result,) = judge_distributions(Usual(), day_of([1.0]), [day_of([1.0])] * 13)
    assert (result.verdict, result.observed[:11]) == ("pass", "not checked")


def test_personal_data_leaves_no_values_in_a_profile():
    column = day_of([1.0, 2.0]).columns["customer"]
    assert (column.counts, column.sketch) == (None, None)
