"""Draw charts as SVG, so that reports and pages are self-contained files."""

from contender.charts.over import Points, Spot, draw_lines, draw_spots
from contender.charts.version import Span, draw_calibration, draw_spans

__all__ = ["Points", "Span", "Spot", "draw_calibration", "draw_lines", "draw_spans", "draw_spots"]
