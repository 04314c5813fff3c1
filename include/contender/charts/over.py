"""Line charts with thresholds and marks, and scatter charts with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]

COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#b9770e", "#555555", "#148f8f")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 356, 72, 200, 78, 46
LONGEST_NAME = 26
GRID, INK, FAINT = "#e6e6e6", "#222222", "#666666"
# Smaller differences are drawn as none: their powers of ten underflow.
SMALLEST_SPREAD = 1e-100


class Spot(NamedTuple):
    """A point of a chart, optionally with the interval of its y value and a label."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    label: str = ""


class _Axis(NamedTuple):
    """The scale of an axis, from values to pixels, and its ticks."""

    place: Callable[[float], float]
    ticks: Sequence[float]


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
    across = _linear(min(places), max(places), LEFT, WIDTH - RIGHT)
    scale = _logarithmic if log else _rounded
    up = scale([*values, *bars.values()], HEIGHT - BOTTOM, TOP)
    parts = [*_paper(title, y_name), *_level_lines(up, log=log), *_below(names or {}, across)]
    for label, level in bars.items():
        y = up.place(level)
        parts += [
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" stroke-dasharray="6 4"/>',
            _text(WIDTH - RIGHT + 6, y + 4, label, size=11, colour=INK),
        ]
    parts += _mark(marks, across)
    for nth, (name, points) in enumerate(lines.items()):
        for piece in _pieces(points, log=log):
            path = " ".join(f"{across(x):.1f},{up.place(y):.1f}" for x, y in piece)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{_colour(nth)}" stroke-width="1.8" '
                f'stroke-linejoin="round"><title>{escape(name)}</title></polyline>'
            )
    taken = [up.place(level) for level in bars.values()]
    return "\n".join([*parts, *_legend(list(lines), taken), "</svg>"])


def draw_spots(title: str, spots: Mapping[str, Sequence[Spot]], *, x_name: str, y_name: str) -> str:
    """Return a scatter chart with one colour per name, points joined in order and intervals as vertical bars.

    The x axis is logarithmic; points with an x of 0 or less are left out.
    """
    spots = {name: [s for s in many if math.isfinite(s.x + s.y) and s.x > 0] for name, many in spots.items()}
    found = [spot for many in spots.values() for spot in many]
    if not found:
        return f"<p>{escape(title)}: no data.</p>"
    levels = [y for spot in found for y in (spot.y, spot.low, spot.high) if y is not None]
    right = _logarithmic([spot.x for spot in found], LEFT, WIDTH - RIGHT)
    up = _rounded(levels, HEIGHT - BOTTOM, TOP)
    parts = [
        *_paper(title, y_name),
        *_level_lines(up, log=False),
        *_below({tick: f"{tick:g}" for tick in right.ticks}, right.place),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x_name, size=12, colour=FAINT, anchor="middle"),
    ]
    for nth, (name, many) in enumerate(spots.items()):
        path = " ".join(f"{right.place(s.x):.1f},{up.place(s.y):.1f}" for s in many)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{_colour(nth)}" stroke-opacity="0.35"/>')
        for spot in many:
            x, y = right.place(spot.x), up.place(spot.y)
            if spot.low is not None and spot.high is not None:
                ends = f'y1="{up.place(spot.low):.1f}" y2="{up.place(spot.high):.1f}"'
                parts.append(
                    f'<line x1="{x:.1f}" x2="{x:.1f}" {ends} stroke="{_colour(nth)}" stroke-width="2"/>'
                )
            dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{_colour(nth)}">'
            parts.append(f"{dot}<title>{escape(name)}</title></circle>")
            parts.append(_text(x + 7, y - 6, spot.label, size=11, colour=FAINT))
    return "\n".join([*parts, *_legend(list(spots), []), "</svg>"])


def _paper(title: str, y_name: str) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(8, 18, title, size=14, colour=INK, bold=True),
        _text(8, 36, y_name, size=12, colour=FAINT),
    ]


def _text(
    x: float, y: float, text: str, *, size: int, colour: str, anchor: str = "start", bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}>'
        f"{escape(text)}</text>"
    )


def _level_lines(up: _Axis, *, log: bool) -> list[str]:
    parts = []
    for tick in up.ticks:
        y = up.place(tick)
        label = f"{tick:g}" if log else _short(tick, up.ticks)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 8, y + 4, label, size=12, colour=INK, anchor="end"))
    return parts


def _below(names: Mapping[float, str], across: Callable[[float], float]) -> list[str]:
    parts = []
    for x, name in names.items():
        at, foot = across(x), HEIGHT - BOTTOM
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{foot}" y2="{foot + 5}" stroke="{FAINT}"/>')
        parts.append(_text(at, foot + 19, name, size=12, colour=INK, anchor="middle"))
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
            shown = _cut(label)
            parts.append(_text(at + 4, TOP - 18 + 12 * row, shown, size=11, colour=FAINT))
            ends[row] = at + 12 + 6.2 * len(shown)
    return parts


def _legend(names: Sequence[str], taken: Sequence[float]) -> list[str]:
    """The legend on the right, which avoids the labels of the bars at the heights `taken`."""
    free = [y for y in range(TOP + 6, HEIGHT - BOTTOM, 17) if all(abs(y - other) > 16 for other in taken)]
    parts = []
    for nth, (name, y) in enumerate(zip(names, free, strict=False)):
        x = WIDTH - RIGHT + 12
        parts.append(f'<rect x="{x}" y="{y - 6}" width="14" height="4" fill="{_colour(nth)}"/>')
        parts.append(_text(x + 20, y, _cut(name), size=12, colour=INK))
    return parts


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _colour(nth: int) -> str:
    return COLOURS[nth % len(COLOURS)]


def _linear(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    width = (high - low) or 1.0
    return lambda value: start + (value - low) / width * (end - start)


def _rounded(values: Sequence[float], start: float, end: float) -> _Axis:
    """An axis that starts and ends at ticks, which are multiples of 1, 2 or 5 times a power of ten."""
    low, high = min(values), max(values)
    spread = (high - low) or abs(high)
    if spread < SMALLEST_SPREAD:
        spread = 1.0
    power = 10 ** math.floor(math.log10(spread / 4))
    step = next(power * factor for factor in (1, 2, 5, 10) if spread / (power * factor) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [nth * step for nth in range(first, max(last, first + 1) + 1)]
    return _Axis(_linear(ticks[0], ticks[-1], start, end), ticks)


def _logarithmic(values: Sequence[float], start: float, end: float) -> _Axis:
    """An axis with at most about seven ticks at powers of ten."""
    low = math.floor(math.log10(min(values)) + 1e-9)
    high = max(math.ceil(math.log10(max(values)) - 1e-9), low + 1)
    ticks = [10.0**power for power in range(low, high + 1, -(-(high - low) // 7))]
    place = _linear(low, high, start, end)
    return _Axis(lambda value: place(math.log10(value)), ticks)


def _short(tick: float, ticks: Sequence[float]) -> str:
    step = abs(ticks[1] - ticks[0])
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{tick + 0.0:,.{places}f}"


def _pieces(points: Points, *, log: bool) -> list[list[tuple[float, float]]]:
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if math.isfinite(y) and not (log and y <= 0):
            pieces[-1].append((x, y))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]
