"""Line charts with thresholds and marks, and scatter charts with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from contender.charts.paper import (
    BOTTOM,
    FAINT,
    HEIGHT,
    INK,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    Pen,
    Points,
    choose_colour,
    cut_name,
    describe_lines,
    draw_legend,
    draw_levels,
    draw_names,
    open_paper,
    scale_linearly,
    scale_to_powers,
    scale_to_round,
    split_at_gaps,
    write_text,
)


class Spot(NamedTuple):
    """A point of a chart, optionally with the interval of its y value and a label."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    label: str = ""


def draw_lines(
    title: str,
    lines: Mapping[str, Points],
    names: Mapping[float, str] | None = None,
    *,
    y_name: str = "",
    log: bool = False,
    bars: Mapping[str, float] | None = None,
    marks: Mapping[float, str] | None = None,
) -> str:
    """Return a line chart with one line of (x, y) points per name. A point without a finite y leaves a gap.

    `names` label the x axis; `log` makes the y axis logarithmic; `bars` are labelled horizontal lines at a y value, and
    `marks` labelled vertical lines at an x value.
    """
    bars, marks = bars or {}, marks or {}
    values = [y for points in lines.values() for _, y in points if math.isfinite(y) and not (log and y <= 0)]
    places = [*(x for points in lines.values() for x, _ in points), *(names or {}), *marks]
    if not values:
        return f"<p>{escape(title)}: no data.</p>"
    across = scale_linearly(min(places), max(places), LEFT, WIDTH - RIGHT)
    scale = scale_to_powers if log else scale_to_round
    up = scale([*values, *bars.values()], HEIGHT - BOTTOM, TOP)
    parts = [*open_paper(title, y_name, describe_lines(lines, bars)), *draw_levels(up, log=log)]
    parts += [*draw_names(names or {}, across), *_draw_bars(bars, up), *_mark(marks, across)]
    for nth, (name, points) in enumerate(lines.items()):
        for piece in split_at_gaps(points, log=log):
            path = " ".join(f"{across(x):.1f},{up.place(y):.1f}" for x, y in piece)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{choose_colour(nth)}" stroke-width="1.8" '
                f'stroke-linejoin="round"><title>{escape(name)}</title></polyline>'
            )
    taken = [up.place(level) for level in bars.values()]
    return "\n".join([*parts, *draw_legend(list(lines), taken), "</svg>"])


def draw_spots(title: str, spots: Mapping[str, Sequence[Spot]], *, x_name: str, y_name: str) -> str:
    """Return a scatter chart with one colour per name, points joined in order and intervals as vertical bars.

    The x axis is logarithmic; points with an x of 0 or less are left out.
    """
    spots = {name: [s for s in many if math.isfinite(s.x + s.y) and s.x > 0] for name, many in spots.items()}
    found = [spot for many in spots.values() for spot in many]
    if not found:
        return f"<p>{escape(title)}: no data.</p>"
    levels = [y for spot in found for y in (spot.y, spot.low, spot.high) if y is not None]
    right = scale_to_powers([spot.x for spot in found], LEFT, WIDTH - RIGHT)
    up = scale_to_round(levels, HEIGHT - BOTTOM, TOP)
    parts = [
        *open_paper(
            title, y_name, describe_lines({n: [(s.x, s.y) for s in m] for n, m in spots.items()}, {})
        ),
        *draw_levels(up, log=False),
        *draw_names({tick: f"{tick:g}" for tick in right.ticks}, right.place),
        write_text(
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x_name, Pen(size=12, colour=FAINT, anchor="middle")
        ),
    ]
    for nth, (name, many) in enumerate(spots.items()):
        path = " ".join(f"{right.place(s.x):.1f},{up.place(s.y):.1f}" for s in many)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{choose_colour(nth)}" stroke-opacity="0.35"/>'
        )
        for spot in many:
            x, y = right.place(spot.x), up.place(spot.y)
            if spot.low is not None and spot.high is not None:
                ends = f'y1="{up.place(spot.low):.1f}" y2="{up.place(spot.high):.1f}"'
                parts.append(
                    f'<line x1="{x:.1f}" x2="{x:.1f}" {ends} stroke="{choose_colour(nth)}" stroke-width="2"/>'
                )
            dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{choose_colour(nth)}">'
            parts.append(f"{dot}<title>{escape(name)}</title></circle>")
            parts.append(write_text(x + 7, y - 6, spot.label, Pen(size=11, colour=FAINT)))
    return "\n".join([*parts, *draw_legend(list(spots), []), "</svg>"])


def _draw_bars(bars: Mapping[str, float], up: Axis) -> list[str]:
    parts = []
    for label, level in bars.items():
        y = up.place(level)
        parts += [
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" stroke-dasharray="6 4"/>',
            write_text(WIDTH - RIGHT + 6, y + 4, label, Pen(size=11, colour=INK)),
        ]
    return parts


def _mark(marks: Mapping[float, str], across: Callable[[float], float]) -> list[str]:
    parts, ends = [], [float("-inf")] * 2
    for x, label in sorted(marks.items()):
        at = across(x)
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 2}" y2="{HEIGHT - BOTTOM}" stroke="{FAINT}" '
            f'stroke-dasharray="2 3"><title>{escape(label)}</title></line>'
        )
        # A label that would overlap the previous one goes to the second row, or is only in the tooltip.
        row = next((row for row, end in enumerate(ends) if at + 4 > end), None)
        if row is not None:
            shown = cut_name(label)
            parts.append(write_text(at + 4, TOP - 18 + 12 * row, shown, Pen(size=11, colour=FAINT)))
            ends[row] = at + 12 + 6.2 * len(shown)
    return parts
