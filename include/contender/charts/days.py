"""Charts over days: lines with their intervals as bands, and a strip with a bar for each day."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple
from xml.sax.saxutils import escape

from contender.charts.over import Spot
from contender.charts.paper import (
    FAINT,
    FULL,
    INK,
    PAPER,
    WIDTH,
    Axis,
    Canvas,
    Pen,
    choose_colour,
    describe_lines,
    draw_legend,
    draw_levels,
    draw_names,
    open_paper,
    scale_linearly,
    scale_to_round,
    split_at_gaps,
    write_text,
)

MOST_NAMED = 5
# A bar's height says the same as its colour.
TONES = ("var(--good, #126b3a)", "var(--warn, #8a5000)", "var(--bad, #a11212)")
BARS = (16, 32, 48)
STRIP_HEIGHT, FOOT, WIDEST = 128, 92, 24


class Cell(NamedTuple):
    """A day of a strip: `level` 0 is as usual, 1 is a warning, 2 is trouble."""

    day: date
    name: str
    level: int


def draw_days(
    title: str, lines: Mapping[str, Sequence[Spot]], y_name: str = "", *, canvas: Canvas = FULL
) -> str:
    """Return a line chart over days. The x of a spot is the day's ordinal; intervals are drawn as a band.

    A spot without a finite y leaves a gap. A small chart has no legend: `y_name` says what its line is.
    """
    points = {name: [(spot.x, spot.y) for spot in spots] for name, spots in lines.items()}
    spots = [spot for many in lines.values() for spot in many if math.isfinite(spot.y)]
    if not spots:
        return f"<p>{escape(title)}: no data.</p>"
    days = sorted({spot.x for many in lines.values() for spot in many})
    across = scale_linearly(days[0], days[-1], canvas.left, canvas.width - canvas.right)
    levels = [y for s in spots for y in (s.y, s.low, s.high) if y is not None and math.isfinite(y)]
    up = scale_to_round(levels, canvas.height - canvas.bottom, canvas.top)
    parts = open_paper(title, y_name, describe_lines(points, {}), canvas)
    parts += draw_levels(up, log=False, canvas=canvas)
    parts += draw_names(name_days(days, MOST_NAMED if canvas == FULL else 2), across, canvas)
    for nth, (name, many) in enumerate(lines.items()):
        parts += _draw_bands(many, across, up, nth)
        for piece in split_at_gaps(points[name], log=False):
            parts.append(_draw_piece(name, [(across(x), up.place(y)) for x, y in piece], nth))
    return "\n".join([*parts, *(draw_legend(list(lines), []) if canvas == FULL else ()), "</svg>"])


def draw_strip(title: str, cells: Sequence[Cell]) -> str:
    """Return a strip with a bar for each day, oldest first."""
    if not cells:
        return f"<p>{escape(title)}: no data.</p>"
    width = min(WIDEST, (WIDTH - 16) / len(cells))
    counted = Counter(cell.name for cell in cells)
    told = ", ".join(f"{count} {name}" for name, count in counted.items())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {STRIP_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title><desc>{len(cells)} days: {escape(told)}.</desc>",
        f'<rect width="{WIDTH}" height="{STRIP_HEIGHT}" fill="{PAPER}"/>',
        write_text(8, 18, title, Pen(size=14, colour=INK, bold=True)),
        write_text(8, 36, told, Pen(size=12, colour=FAINT)),
        write_text(8, FOOT + 20, str(cells[0].day), Pen(size=12, colour=INK)),
    ]
    if len(cells) * width > 160:  # otherwise the two dates overlap
        end = 8 + len(cells) * width
        parts.append(write_text(end, FOOT + 20, str(cells[-1].day), Pen(size=12, colour=INK, anchor="end")))
    for nth, cell in enumerate(cells):
        height = BARS[cell.level]
        parts.append(
            f'<rect x="{8 + nth * width:.1f}" y="{FOOT - height}" width="{max(width - 2, 1):.1f}" height="{height}" '
            f'fill="{TONES[cell.level]}"><title>{cell.day}: {escape(cell.name)}</title></rect>'
        )
    return "\n".join([*parts, "</svg>"])


def name_days(days: Sequence[float], most: int = MOST_NAMED) -> dict[float, str]:
    """Return the labels of a few days, evenly spaced, among them the first and the last."""
    last = len(days) - 1
    picked = {round(last * nth / (most - 1)) for nth in range(most)}
    return {days[nth]: str(date.fromordinal(int(days[nth]))) for nth in sorted(picked)}


def _draw_bands(spots: Sequence[Spot], across: Callable[[float], float], up: Axis, nth: int) -> list[str]:
    parts = []
    for known, run in groupby(spots, key=_has_interval):
        ends = [(across(s.x), up.place(s.low or 0.0), up.place(s.high or 0.0)) for s in run] if known else []
        if len(ends) > 1:
            above = [f"{x:.1f},{high:.1f}" for x, _, high in ends]
            below = [f"{x:.1f},{low:.1f}" for x, low, _ in reversed(ends)]
            path = " ".join([*above, *below])
            parts.append(f'<polygon points="{path}" fill="{choose_colour(nth)}" fill-opacity="0.18"/>')
    return parts


def _has_interval(spot: Spot) -> bool:
    return math.isfinite(spot.y) and spot.low is not None and spot.high is not None


def _draw_piece(name: str, places: Sequence[tuple[float, float]], nth: int) -> str:
    label = f"<title>{escape(name)}</title>"
    if len(places) == 1:
        (x, y) = places[0]
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{choose_colour(nth)}">{label}</circle>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return (
        f'<polyline points="{path}" fill="none" stroke="{choose_colour(nth)}" stroke-width="1.8" '
        f'stroke-linejoin="round">{label}</polyline>'
    )
