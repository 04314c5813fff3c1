"""Charts as SVG, so that a report or a page is one file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]

COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#d68910", "#555555", "#16a085")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 300, 64, 170, 30, 34


def draw_lines(
    title: str,
    lines: Mapping[str, Points],
    names: Mapping[float, str] | None = None,
    *,
    log: bool = False,
    bar: float | None = None,
    marks: Sequence[float] = (),
) -> str:
    """A chart of one line for each name, of (x, y); a place without a finite y leaves a gap.

    `names` are the words below the x axis; `log` is for y; `bar` is a dashed level; `marks` are places on the x axis.
    """
    values = [y for points in lines.values() for _, y in points if math.isfinite(y) and not (log and y <= 0)]
    places = [x for points in lines.values() for x, _ in points]
    if not values:
        return f"<p>{escape(title)}: nothing to draw.</p>"
    levels = values + ([bar] if bar is not None else [])
    low, high = min(levels), max(levels)
    if log:
        low, high = math.log10(low), math.log10(high)
    span = (high - low) or 1.0
    first, width = min(places), (max(places) - min(places)) or 1.0

    def across(x: float) -> float:
        return LEFT + (x - first) / width * (WIDTH - LEFT - RIGHT)

    def up(y: float) -> float:
        at = math.log10(y) if log else y
        return HEIGHT - BOTTOM - (at - low) / span * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for tick in range(5):
        at = low + span * tick / 4
        level = 10**at if log else at
        y = up(level)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{level:.3g}</text>')
    parts += [
        f'<text x="{across(x):.1f}" y="{HEIGHT - 12}" text-anchor="middle">{escape(name)}</text>'
        for x, name in (names or {}).items()
    ]
    if bar is not None:
        y = up(bar)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#333" stroke-dasharray="6 4"/>'
        )
    parts += [f'<path d="M{across(x):.1f} {HEIGHT - BOTTOM} l-5 9 l10 0 z" fill="#c0392b"/>' for x in marks]
    for nth, (name, points) in enumerate(lines.items()):
        colour = COLOURS[nth % len(COLOURS)]
        for piece in _pieces(points, log=log):
            path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in piece)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        y = TOP + 16 * nth + 8
        parts.append(f'<rect x="{WIDTH - RIGHT + 12}" y="{y - 8}" width="12" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 30}" y="{y}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"])


def _pieces(points: Points, *, log: bool) -> list[list[tuple[float, float]]]:
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if math.isfinite(y) and not (log and y <= 0):
            pieces[-1].append((x, y))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]
