"""Charts are valid SVG within their canvas, with readable axes and labels."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from contender.charts import Spot, draw_lines, draw_spots
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
