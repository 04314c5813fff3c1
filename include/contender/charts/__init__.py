"""Draw charts as SVG, so that reports and pages are self-contained files."""

from contender.charts.behind import TEMPLATES, show_chart, tabulate_lines
from contender.charts.days import Cell, draw_days, draw_strip
from contender.charts.grid import Mark, draw_grid
from contender.charts.over import Spot, draw_lines, draw_spots
from contender.charts.paper import SMALL, Points
from contender.charts.version import Span, draw_calibration, draw_spans

__all__ = [
    "SMALL",
    "TEMPLATES",
    "Cell",
    "Mark",
    "Points",
    "Span",
    "Spot",
    "draw_calibration",
    "draw_days",
    "draw_grid",
    "draw_lines",
    "draw_spans",
    "draw_spots",
    "draw_strip",
    "show_chart",
    "tabulate_lines",
]
