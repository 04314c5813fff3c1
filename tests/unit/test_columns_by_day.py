"""The columns of a table by day: missing values, quantiles and new texts of stored profiles, and no personal data."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from contender.catalogue import describe_columns, draw_columns, trace_columns
from contender.catalogue.columns import MOST_COLUMNS
from contender.profiles import profile
from contender.records import DayProfile
from contender.specs import Column, Contract
from tests.unit.test_page_rendering import text_of

FIRST = date(2013, 9, 1)
COLUMNS = (
    Column(name="day", type="date", description="d"),
    Column(name="shop", type="string", description="d", nullable=True),
    Column(name="amount", type="number", description="d", nullable=True, unit="EUR"),
    Column(name="at", type="timestamp", description="d", nullable=True),
    Column(name="customer", type="string", description="d", pii=True, nullable=True),
    Column(name="age", type="integer", description="d", pii=True, nullable=True),
)
CONTRACT = Contract(table="datasets.sales", owner="a@b.example", columns=COLUMNS, primary_key=("shop",))


def profiled(nth: int, shops: list[str | None], amounts: list[float | None] | None = None) -> DayProfile:
    size, day = len(shops), FIRST + timedelta(days=nth)
    rows = pa.table(
        {
            "day": pa.array([day] * size, pa.date32()),
            "shop": pa.array(shops, pa.string()),
            "amount": pa.array(amounts or [float(n) for n in range(size)], pa.float64()),
            "at": pa.array([datetime(2013, 9, 1, 6, 30, tzinfo=UTC)] * size, pa.timestamp("us")),
            "customer": pa.array(["ada lovelace"] * size, pa.string()),
            "age": pa.array([36] * size, pa.int64()),
        }
    )
    return profile(CONTRACT, day, f"digest {nth}", rows)


def traced(*profiles: DayProfile):
    return {history.column.name: history for history in trace_columns(CONTRACT, profiles)}


def test_each_column_has_the_share_of_missing_values_of_each_day():
    days = traced(profiled(0, ["a", None]), profiled(1, ["a", "a", "a", None]))["shop"].days
    assert [(one.day, one.rows, one.missing) for one in days] == [
        (FIRST, 2, 0.5),
        (FIRST + timedelta(days=1), 4, 0.25),
    ]


def test_texts_of_a_day_are_new_if_no_day_before_has_them():
    days = traced(profiled(0, ["a", "b"]), profiled(1, ["a", "c"]), profiled(2, ["c", "b"]))["shop"].days
    assert [(one.values, one.new) for one in days] == [(2, ()), (2, ("c",)), (2, ())]


def test_no_text_is_new_after_a_day_with_too_many_to_count():
    many = [f"shop {nth}" for nth in range(300)]
    days = traced(profiled(0, ["a"]), profiled(1, many), profiled(2, ["b"]))["shop"].days
    assert [(one.values, one.new) for one in days] == [(1, ()), (None, ()), (1, ())]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_the_median_is_within_its_band_and_both_are_numbers_of_the_day(amounts):
    (one,) = traced(profiled(0, ["a"] * len(amounts), amounts))["amount"].days
    low, median, high = one.quantiles
    assert min(amounts) <= low <= median <= high <= max(amounts)


def test_timestamps_are_shown_as_the_hour_of_the_day():
    history = traced(profiled(0, ["a", "b"]))["at"]
    assert history.days[0].quantiles == (6.5, 6.5, 6.5)
    assert "hour of the day, UTC" in draw_columns([history])[0]


def test_of_personal_data_only_missing_values_are_shown():
    found = traced(profiled(0, ["a", "b"]), profiled(1, ["a", "b"]))
    for name in ("customer", "age"):
        assert {(one.quantiles, one.values, one.new) for one in found[name].days} == {(None, None, ())}
        html = draw_columns([found[name]])[0]
        assert f"{name}: personal data, no value is shown; none is missing on any day." in html
        assert "lovelace" not in html
        assert "36" not in html


def test_a_profile_from_before_a_column_was_declared_personal_does_not_show_it():
    seen = [profiled(0, ["secret"]), profiled(1, ["other secret"])]
    columns = tuple(c.model_copy(update={"pii": True}) if c.name == "shop" else c for c in COLUMNS)
    found = trace_columns(CONTRACT.model_copy(update={"columns": columns}), seen)
    assert not [history for history in found if "secret" in history.model_dump_json()]


def test_a_sentence_names_what_is_missing_and_what_is_new_on_the_newest_day():
    found = list(traced(profiled(0, ["a", "b"]), profiled(1, ["a", "c", None, None])).values())
    assert describe_columns(found) == (
        "5 columns on 2 days until 2013-09-02. On that day, values are missing in shop (50.0%); new values: shop (c)."
    )
    assert describe_columns(found[1:]).endswith("On that day, no value is missing.")
    assert describe_columns([]).startswith("No day has a stored profile")


def test_charts_are_small_and_have_their_figures_as_a_table_the_newest_day_first():
    html = draw_columns([traced(profiled(0, ["a", None]), profiled(1, ["a", "b"]))["shop"]])[0]
    assert html.count('<svg xmlns="http://www.w3.org/2000/svg" class="small"') == 2
    assert "<desc>values: 2 points, from 1 to 2" in html
    assert "<desc>missing: 2 points, from 50 to 0" in html
    assert re.findall(r'<th scope="row">([\d-]+)</th>', html) == ["2013-09-02", "2013-09-01"]
    assert "different values" in text_of(html)


def test_at_most_sixty_columns_are_drawn():
    history = traced(profiled(0, ["a"]))["shop"]
    assert len(draw_columns([history] * (MOST_COLUMNS + 1))) == MOST_COLUMNS


def test_a_column_of_which_everything_is_missing_has_a_chart_of_that():
    html = draw_columns([traced(profiled(0, ["a"], [None]))["amount"]])[0]
    assert "missing values, % of rows" in html
    assert "median" not in html
