"""Charts of one version: calibration, and values with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from contender.charts.paper import COLOURS, FAINT, INK, PAPER

COLOUR = COLOURS[0]
WIDTH, LEFT, TOP, BOTTOM = 860, 64, 30, 34
SQUARE, ROW = 420, 22


class Span(NamedTuple):
    """A named value with its interval; without bounds, only a dot is drawn."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def draw_calibration(title: str, points: Sequence[tuple[float, float, int]], unit: str = "") -> str:
    """Return a calibration chart of bins (predicted, observed, rows); perfect calibration is the dashed diagonal.

    A dot's size grows with its number of rows; its tooltip shows the values.
    """
    found = [(x, y, rows) for x, y, rows in points if math.isfinite(x) and math.isfinite(y)]
    if not found:
        return f"<p>{escape(title)}: no data.</p>"
    low = min(min(x, y) for x, y, _ in found)
    high = max(max(x, y) for x, y, _ in found)
    margin = (high - low or abs(high)) * 0.06 or 1.0  # 0 also for denormal numbers
    low, high = low - margin, high + margin
    side, most = SQUARE - LEFT - 20, max(rows for _, _, rows in found) or 1

    def across(x: float) -> float:
        return LEFT + (x - low) / (high - low) * side

    def up(y: float) -> float:
        return TOP + side - (y - low) / (high - low) * side

    parts = [*_open(SQUARE, TOP + side + 44, title, _describe_bins(found))]
    parts.append(f'<rect x="{LEFT}" y="{TOP}" width="{side}" height="{side}" fill="none" stroke="{FAINT}"/>')
    for tick in range(5):
        at = low + (high - low) * tick / 4
        parts.append(f'<text x="{LEFT - 6}" y="{up(at) + 4:.1f}" text-anchor="end">{at:.3g}</text>')
        parts.append(f'<text x="{across(at):.1f}" y="{TOP + side + 16}" text-anchor="middle">{at:.3g}</text>')
    parts.append(
        f'<line x1="{across(low):.1f}" y1="{up(low):.1f}" x2="{across(high):.1f}" y2="{up(high):.1f}" '
        f'stroke="{INK}" stroke-dasharray="6 4"/>'
    )
    for x, y, rows in found:
        radius = 3 + 5 * math.sqrt(max(rows, 0) / most)
        tooltip = f"predicted {x:.4g}, observed {y:.4g}, {rows:,} rows"
        parts.append(
            f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="{radius:.1f}" fill="{COLOUR}" fill-opacity="0.7">'
            f"<title>{escape(tooltip)}</title></circle>"
        )
    axes = f"x: predicted{f', {unit}' if unit else ''}; y: observed"
    parts.append(
        f'<text x="{LEFT + side / 2:.1f}" y="{TOP + side + 36}" text-anchor="middle">{escape(axes)}</text>'
    )
    return "\n".join([*parts, "</svg>"])


def draw_spans(title: str, spans: Sequence[Span], *, bar: float | None = 0.0) -> str:
    """Return a chart with a row per value and its interval; `bar` is a dashed reference line."""
    found = [span for span in spans if math.isfinite(span.value)]
    if not found:
        return f"<p>{escape(title)}: no data.</p>"
    places = [place for s in found for place in (s.value, s.low, s.high) if place is not None]
    places += [] if bar is None else [bar]
    low, high = min(places), max(places)
    width = (high - low) or 1.0
    left, height = WIDTH // 3, TOP + ROW * len(found)

    def across(x: float) -> float:
        return left + (x - low) / width * (WIDTH - left - 90)

    parts = [*_open(WIDTH, height + BOTTOM, title, _describe_spans(found))]
    if bar is not None:
        at = across(bar)
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{height}" stroke="{INK}" stroke-dasharray="6 4"/>'
        )
    for nth, span in enumerate(found):
        y = TOP + ROW * nth + ROW / 2
        parts.append(f'<text x="{left - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(span.name)}</text>')
        if span.low is not None and span.high is not None:
            parts.append(
                f'<line x1="{across(span.low):.1f}" x2="{across(span.high):.1f}" y1="{y:.1f}" y2="{y:.1f}" '
                f'stroke="{COLOUR}" stroke-width="2"/>'
            )
        parts.append(f'<circle cx="{across(span.value):.1f}" cy="{y:.1f}" r="4" fill="{COLOUR}"/>')
        parts.append(f'<text x="{WIDTH - 80}" y="{y + 4:.1f}">{span.value:+.4g}</text>')
    for tick in range(3):
        at = low + width * tick / 2
        parts.append(f'<text x="{across(at):.1f}" y="{height + 18}" text-anchor="middle">{at:.3g}</text>')
    return "\n".join([*parts, "</svg>"])


def _describe_bins(points: Sequence[tuple[float, float, int]]) -> str:
    return "; ".join(f"predicted {x:.4g}, observed {y:.4g}, {rows:,} rows" for x, y, rows in points)


def _describe_spans(spans: Sequence[Span]) -> str:
    return "; ".join(
        f"{s.name}: {s.value:+.4g}"
        + ("" if s.low is None or s.high is None else f", {s.low:.4g} to {s.high:.4g}")
        for s in spans
    )


def _open(width: float, height: float, title: str, description: str) -> tuple[str, ...]:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">',
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        f'<text x="{LEFT}" y="18" font-size="14" font-weight="bold">{escape(title)}</text>',
    )
