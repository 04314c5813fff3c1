"""What charts over a common canvas share: colours, axes, names, legend and text alternative.

Colours are variables of `templates/style.css`, so that a chart follows the light or dark colours of its page. In a file
of its own, or in a page without the variables, it has the light ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]

_LIGHT = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#a86a08", "#555555", "#0f7f7f")
COLOURS = tuple(f"var(--chart-{nth}, {colour})" for nth, colour in enumerate(_LIGHT, start=1))
PAPER, GRID, INK, FAINT = (
    f"var(--{name}, {colour})"
    for name, colour in (("paper", "#ffffff"), ("rule", "#e6e6e6"), ("ink", "#222222"), ("faint", "#595959"))
)
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 356, 72, 200, 78, 46
LONGEST_NAME = 26
# Smaller differences are drawn as none: their powers of ten underflow.
SMALLEST_SPREAD = 1e-100


class Axis(NamedTuple):
    """The scale of an axis, from values to pixels, and its ticks."""

    place: Callable[[float], float]
    ticks: Sequence[float]


class Canvas(NamedTuple):
    """The size of a chart and its margins, in pixels, and its class in the stylesheet."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    name: str = ""


FULL = Canvas(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM)
SMALL = Canvas(440, 190, 66, 44, 52, 32, "small")  # without a legend


class Pen(NamedTuple):
    """How a text is written."""

    size: int
    colour: str
    anchor: str = "start"
    bold: bool = False


def open_paper(title: str, y_name: str, description: str = "", canvas: Canvas = FULL) -> list[str]:
    """Return the start of a chart; `description` is its text alternative."""
    told = f"<desc>{escape(description)}</desc>" if description else ""
    name = f'class="{canvas.name}" ' if canvas.name else ""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {name}viewBox="0 0 {canvas.width} {canvas.height}" role="img" '
        f'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>{told}",
        f'<rect width="{canvas.width}" height="{canvas.height}" fill="{PAPER}"/>',
        write_text(8, 18, title, Pen(size=14, colour=INK, bold=True)),
        write_text(8, 36, y_name, Pen(size=12, colour=FAINT)),
    ]


def describe_lines(lines: Mapping[str, Points], bars: Mapping[str, float]) -> str:
    """Return a chart of lines in words: the first, last, lowest and highest value of each."""
    parts = []
    for name, points in lines.items():
        found = [y for _, y in points if math.isfinite(y)]
        if found:
            parts.append(
                f"{name}: {len(found)} points, from {found[0]:.4g} to {found[-1]:.4g}, "
                f"lowest {min(found):.4g}, highest {max(found):.4g}."
            )
    parts += [f"{label}: a horizontal line at {level:.4g}." for label, level in bars.items()]
    return " ".join(parts)


def write_text(x: float, y: float, text: str, pen: Pen) -> str:
    """Return a text, escaped."""
    weight = ' font-weight="bold"' if pen.bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{pen.size}" fill="{pen.colour}" text-anchor="{pen.anchor}"{weight}>'
        f"{escape(text)}</text>"
    )


def draw_levels(up: Axis, *, log: bool, canvas: Canvas = FULL) -> list[str]:
    """Return a labelled horizontal line for each tick of the y axis."""
    parts = []
    for tick in up.ticks:
        y = up.place(tick)
        label = f"{tick:g}" if log else _short(tick, up.ticks)
        ends = f'x1="{canvas.left}" x2="{canvas.width - canvas.right}"'
        parts.append(f'<line {ends} y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(write_text(canvas.left - 8, y + 4, label, Pen(size=12, colour=INK, anchor="end")))
    return parts


def draw_names(
    names: Mapping[float, str], across: Callable[[float], float], canvas: Canvas = FULL
) -> list[str]:
    """Return the labelled ticks of the x axis."""
    parts = []
    for x, name in names.items():
        at, foot = across(x), canvas.height - canvas.bottom
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{foot}" y2="{foot + 5}" stroke="{FAINT}"/>')
        parts.append(write_text(at, foot + 19, name, Pen(size=12, colour=INK, anchor="middle")))
    return parts


def draw_legend(names: Sequence[str], taken: Sequence[float]) -> list[str]:
    """Return the legend on the right, which avoids the labels of the bars at the heights `taken`."""
    free = [y for y in range(TOP + 6, HEIGHT - BOTTOM, 17) if all(abs(y - other) > 16 for other in taken)]
    parts = []
    for nth, (name, y) in enumerate(zip(names, free, strict=False)):
        x = WIDTH - RIGHT + 12
        parts.append(f'<rect x="{x}" y="{y - 6}" width="14" height="4" fill="{choose_colour(nth)}"/>')
        parts.append(write_text(x + 20, y, cut_name(name), Pen(size=12, colour=INK)))
    return parts


def cut_name(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name, shortened to this many letters: by default, to the width of the legend."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


def choose_colour(nth: int) -> str:
    """Return the colour of the nth line."""
    return COLOURS[nth % len(COLOURS)]


def scale_linearly(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Return a linear scale."""
    width = (high - low) or 1.0
    return lambda value: start + (value - low) / width * (end - start)


def scale_to_round(values: Sequence[float], start: float, end: float) -> Axis:
    """Return an axis that starts and ends at ticks, which are multiples of 1, 2 or 5 times a power of ten."""
    low, high = min(values), max(values)
    spread = (high - low) or abs(high)
    if spread < SMALLEST_SPREAD:
        spread = 1.0
    power = 10 ** math.floor(math.log10(spread / 4))
    step = next(power * factor for factor in (1, 2, 5, 10) if spread / (power * factor) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [nth * step for nth in range(first, max(last, first + 1) + 1)]
    return Axis(scale_linearly(ticks[0], ticks[-1], start, end), ticks)


def scale_to_powers(values: Sequence[float], start: float, end: float) -> Axis:
    """Return an axis with at most about seven ticks at powers of ten."""
    low = math.floor(math.log10(min(values)) + 1e-9)
    high = max(math.ceil(math.log10(max(values)) - 1e-9), low + 1)
    ticks = [10.0**power for power in range(low, high + 1, -(-(high - low) // 7))]
    place = scale_linearly(low, high, start, end)
    return Axis(lambda value: place(math.log10(value)), ticks)


def _short(tick: float, ticks: Sequence[float]) -> str:
    step = abs(ticks[1] - ticks[0])
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{tick + 0.0:,.{places}f}"


def split_at_gaps(points: Points, *, log: bool) -> list[list[tuple[float, float]]]:
    """Return the pieces of a line between points that cannot be drawn."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if math.isfinite(y) and not (log and y <= 0):
            pieces[-1].append((x, y))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]
