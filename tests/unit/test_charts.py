"""Charts are valid SVG within their canvas, with readable axes and labels."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from contender.charts import (
    Cell,
    Spot,
    draw_days,
    draw_lines,
    draw_spots,
    draw_strip,
    show_chart,
    tabulate_lines,
)
from contender.charts.paper import HEIGHT, LONGEST_NAME, WIDTH

figures = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)
# Characters that XML cannot contain never come from a contract.
labels = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc", "Cs"]), max_size=40
)
lines = st.dictionaries(labels, st.lists(st.tuples(figures, figures), max_size=5), max_size=9)


def texts(chart: str) -> list[str]:
    return [
        element.text or "" for element in ElementTree.fromstring(chart).iter() if element.tag.endswith("text")
    ]


@given(
    labels, lines, st.dictionaries(labels, figures, max_size=2), st.dictionaries(figures, labels, max_size=3)
)
def test_any_labels_and_values_give_valid_svg_within_the_canvas(title, drawn, bars, marks):
    chart = draw_lines(title, drawn, bars=bars, marks=marks)
    ElementTree.fromstring(chart)
    for path in re.findall(r'points="([^"]*)"', chart):
        for point in path.split():
            x, y = (float(part) for part in point.split(","))
            assert -1 <= x <= WIDTH + 1
            assert -1 <= y <= HEIGHT + 1


def test_ticks_are_round_numbers():
    shown = texts(draw_lines("loss", {"a": [(0, 0.1234), (1, 0.2871)]}))
    assert [text for text in shown if re.fullmatch(r"[\d.]+", text)] == [
        "0.10",
        "0.15",
        "0.20",
        "0.25",
        "0.30",
    ]


def test_ticks_of_a_logarithmic_axis_are_powers_of_ten():
    shown = texts(draw_lines("evidence", {"a": [(0, 0.5), (1, 700)]}, log=True))
    assert [text for text in shown if re.fullmatch(r"[\d.]+", text)] == ["0.1", "1", "10", "100", "1000"]


def test_a_day_without_a_value_leaves_a_gap():
    chart = draw_lines("loss", {"a": [(0, 1), (1, 2), (2, float("nan")), (3, 4), (4, 5)]})
    assert chart.count("<polyline") == 2


def test_the_legend_does_not_overlap_the_labels_of_bars():
    chart = draw_lines("e", {f"name {n}": [(0, 1), (1, 30)] for n in range(5)}, bars={"20: promote": 20})
    heights = [float(y) for x, y in re.findall(r'<text x="([\d.]+)" y="([\d.]+)"', chart) if float(x) > 700]
    assert min(abs(a - b) for i, a in enumerate(heights) for b in heights[:i]) > 11


def test_labels_of_marks_that_would_overlap_are_only_in_the_tooltip():
    marks = {float(x): f"recipe {x} promoted" for x in range(4)}
    chart = draw_lines("loss", {"a": [(0, 1), (100, 2)]}, marks=marks)
    assert sum("promoted" in text for text in texts(chart)) == 2
    assert all(f"<title>recipe {x} promoted</title>" in chart for x in range(4))


def test_a_long_name_is_truncated():
    shown = texts(draw_lines("loss", {"n" * 80: [(0, 1), (1, 2)]}))
    assert max(len(text) for text in shown) == LONGEST_NAME


def test_a_spot_is_drawn_with_interval_and_label():
    chart = draw_spots("cost", {"ours": [Spot(3, 0.1, 0.05, 0.15, "weekly")]}, x_name="CPU s", y_name="loss")
    assert 'stroke-width="2"' in chart
    assert "weekly" in texts(chart)


def test_a_chart_without_data_says_so():
    assert draw_lines("loss", {}) == "<p>loss: no data.</p>"
    assert draw_spots("cost", {}, x_name="", y_name="") == "<p>cost: no data.</p>"


days = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))
spots = st.builds(
    lambda day, y, low, high: Spot(float(day.toordinal()), y, low, high),
    days,
    figures | st.just(float("nan")),
    st.none() | figures,
    st.none() | figures,
)


@given(
    labels, st.dictionaries(labels, st.lists(spots, max_size=6, unique_by=lambda spot: spot.x), max_size=4)
)
def test_any_days_give_valid_svg_within_the_canvas(title, drawn):
    chart = draw_days(title, {name: sorted(many) for name, many in drawn.items()})
    ElementTree.fromstring(chart)
    for path in re.findall(r'points="([^"]*)"', chart):
        for point in path.split():
            x, y = (float(part) for part in point.split(","))
            assert -1 <= x <= WIDTH + 1
            assert -1 <= y <= HEIGHT + 1


def test_an_interval_is_drawn_as_a_band_without_the_days_that_have_none():
    known = [Spot(float(x), 1, 0.5, 1.5) for x in range(735_000, 735_004)]
    chart = draw_days("loss", {"a": [*known[:2], Spot(735_002.0, 1), *known[3:]]})
    assert chart.count("<polygon") == 1


def test_the_axis_names_a_few_days_among_them_the_first_and_the_last():
    first = date(2013, 9, 1).toordinal()
    shown = texts(draw_days("loss", {"a": [Spot(float(first + n), n) for n in range(100)]}))
    named = [text for text in shown if text.startswith("2013-")]
    assert len(named) == 5
    assert (named[0], named[-1]) == ("2013-09-01", "2013-12-09")


@given(st.lists(st.builds(Cell, days, labels, st.integers(0, 2)), min_size=1, max_size=400))
def test_a_strip_has_a_bar_for_each_day_that_says_what_it_is(cells):
    root = ElementTree.fromstring(draw_strip("verdicts", cells))
    bars = [one for one in root if one.tag.endswith("rect")][1:]
    assert len(bars) == len(cells)
    assert all(float(bar.get("x")) + float(bar.get("width")) <= WIDTH for bar in bars)
    assert bars[0][0].text == f"{cells[0].day}: {cells[0].name}"


def test_a_chart_has_a_text_alternative_with_its_figures():
    chart = draw_lines("evidence", {"e": [(0, 1), (1, 30), (2, 12)]}, bars={"threshold": 20})
    assert (
        "<desc>e: 3 points, from 1 to 12, lowest 1, highest 30. threshold: a horizontal line at 20.</desc>"
        in chart
    )


def test_the_figures_of_a_chart_are_a_table_behind_it():
    table = tabulate_lines({"a": [(0, 1.5), (1, float("nan"))], "b": [(1, 2)]}, {0: "Monday"})
    assert table == (["at", "a", "b"], [("Monday", "1.5", "–"), ("1", "–", "2")])
    html = show_chart("<svg></svg>", "Loss <1>", *table)
    assert "<svg></svg>" in html
    assert "<summary>Loss &lt;1&gt;: the figures</summary>" in html
    assert '<tr><th scope="row">Monday</th><td class="figure">1.5</td><td class="figure">–</td></tr>' in html
