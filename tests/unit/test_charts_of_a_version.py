"""Charts of a version are valid SVG, show every value, and escape names."""

from __future__ import annotations

import math
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from contender.charts import Span, draw_calibration, draw_lines, draw_spans

EVIL = "<script>alert('x')</script>\" onload=\"x & y"
SVG = "{http://www.w3.org/2000/svg}"
numbers = st.floats(-1e6, 1e6)


def parsed(chart: str) -> ElementTree.Element:
    return ElementTree.fromstring(chart)


def test_a_calibration_chart_has_one_dot_per_bin_and_the_diagonal():
    root = parsed(draw_calibration("c", [(0.1, 0.12, 600), (0.3, 0.28, 600), (0.6, 0.7, 600)]))
    assert len(root.findall(f"{SVG}circle")) == 3
    (diagonal,) = root.findall(f"{SVG}line")
    assert diagonal.get("stroke-dasharray")


def test_a_perfectly_calibrated_bin_is_on_the_diagonal():
    root = parsed(draw_calibration("c", [(0.0, 0.0, 10), (0.25, 0.25, 10), (1.0, 1.0, 10)]))
    (line,) = root.findall(f"{SVG}line")
    x1, y1, x2, y2 = (float(line.get(name)) for name in ("x1", "y1", "x2", "y2"))
    for dot in root.findall(f"{SVG}circle"):
        x, y = float(dot.get("cx")), float(dot.get("cy"))
        assert math.isclose((y - y1) / (y2 - y1), (x - x1) / (x2 - x1), abs_tol=0.01)


@given(st.lists(st.tuples(numbers, numbers, st.integers(0, 10**9)), min_size=1, max_size=20))
def test_any_bins_can_be_drawn(points):
    assert len(parsed(draw_calibration("c", points)).findall(f"{SVG}circle")) == len(points)


@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=20))
def test_any_intervals_can_be_drawn(spans):
    drawn = [Span("s", value, min(a, b), max(a, b)) for value, a, b in spans]
    assert len(parsed(draw_spans("c", drawn)).findall(f"{SVG}circle")) == len(spans)


def test_a_value_without_an_interval_is_only_a_dot():
    root = parsed(draw_spans("c", [Span("s", 0.5)], bar=None))
    assert root.findall(f"{SVG}line") == []


def test_names_are_escaped():
    for chart in (
        draw_lines(EVIL, {EVIL: [(0.0, 1.0), (1.0, 2.0)]}, {0.0: EVIL}),
        draw_calibration(EVIL, [(0.1, 0.2, 3)], EVIL),
        draw_spans(EVIL, [Span(EVIL, 1.0, 0.5, 1.5)]),
    ):
        assert f"{SVG}script" not in {element.tag for element in parsed(chart).iter()}
        assert "onload" not in {name for element in parsed(chart).iter() for name in element.attrib}


def test_a_chart_without_data_says_so():
    for chart in (draw_lines(EVIL, {}), draw_calibration(EVIL, [(math.nan, 0.1, 3)]), draw_spans(EVIL, [])):
        assert "no data" in chart
        assert "<script>" not in chart
