"""The expectations and open days of a contract."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contender.specs import Between, ClosedDays, Column, Contract, Days, NotNull, RowCount, Unique

column_names = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=6, unique=True)


@given(column_names, st.data())
def test_all_expectations_are_not_null_then_unique_then_declared(names, data):
    nullable = data.draw(st.sets(st.sampled_from(names)))
    columns = tuple(
        Column(name=name, type="number", description="figure", nullable=name in nullable) for name in names
    )
    stated = (RowCount(low=1, high=9), Between(column=names[0], low=0))
    contract = Contract(
        table="datasets.figures",
        owner="figures@company.example",
        columns=columns,
        primary_key=(names[0],),
        expectations=stated,
        daily=False,
    )
    filled = tuple(NotNull(column=name) for name in names if name not in nullable)
    assert contract.all_expectations() == (*filled, Unique(key=(names[0],)), *stated)


@given(st.sets(st.dates(date(2013, 1, 1), date(2013, 12, 31)), max_size=9), st.integers(0, 40))
def test_a_day_is_open_unless_it_is_declared_closed(closed, more):
    contract = Contract(
        table="datasets.figures",
        owner="figures@company.example",
        columns=(Column(name="day", type="date", description="day"),),
        primary_key=("day",),
        closed=ClosedDays(dates=tuple(closed)),
    )
    days = Days(first=date(2013, 6, 1), last=date(2013, 6, 1) + timedelta(days=more))
    assert contract.open_days(days) == len([day for day in days.each() if day not in closed])


def test_a_reference_table_has_one_open_day():
    columns = (Column(name="code", type="string", description="code"),)
    contract = Contract(
        table="datasets.codes",
        owner="codes@company.example",
        columns=columns,
        primary_key=("code",),
        daily=False,
    )
    assert contract.open_days(Days(first=date(2013, 6, 1), last=date(2013, 6, 30))) == 1
