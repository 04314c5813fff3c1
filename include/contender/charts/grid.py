"""A heat map: a row for each name and a column for each day, with a bar for each of their results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from contender.charts.days import TONES, WIDEST
from contender.charts.paper import FAINT, INK, PAPER, WIDTH, Pen, cut_name, write_text

NAMES, TOP, ROW, FOOT = 290, 50, 18, 26
LONGEST_NAME = 44
# A bar's height says the same as its colour; without a result, there is a thin line.
BARS, NOTHING = (6, 11, 16), 1.5


class Mark(NamedTuple):
    """A result: `level` 0 is as usual, 1 is a warning, 2 is trouble, and None is no result."""

    name: str
    level: int | None
    link: str = ""


def draw_grid(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[Mark]]) -> str:
    """Return a heat map, with a mark for each column in each row; columns are in the order of time.

    Links are left out of the order of the keyboard, which would pass through each of them: the table behind the heat
    map needs the same ones.
    """
    if not columns or not rows:
        return f"<p>{escape(title)}: no data.</p>"
    marks = [mark for many in rows.values() for mark in many]
    told = ", ".join(f"{count} {name}" for name, count in Counter(mark.name for mark in marks).items())
    height, width = TOP + ROW * len(rows) + FOOT, min(WIDEST, (WIDTH - NAMES - 8) / len(columns))
    role = "group" if any(mark.link for mark in marks) else "img"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="{role}" '
        f'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title><desc>{len(rows)} rows, {len(columns)} columns: {escape(told)}.</desc>",
        '<g aria-hidden="true">',
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
        write_text(8, 18, title, Pen(size=14, colour=INK, bold=True)),
        write_text(8, 36, told, Pen(size=12, colour=FAINT)),
        *_name_ends(columns, width, height),
    ]
    for nth, (name, many) in enumerate(rows.items()):
        foot = TOP + ROW * (nth + 1)
        shown = write_text(8, foot - 3, cut_name(name, LONGEST_NAME), Pen(size=12, colour=INK))
        parts.append(f"<g><title>{escape(name)}</title>{shown}</g>")
        parts += _draw_marks(name, zip(columns, many, strict=True), width, foot)
    return "\n".join([*parts, "</g></svg>"])


def _name_ends(columns: Sequence[str], width: float, height: float) -> list[str]:
    end = NAMES + len(columns) * width
    pen = Pen(size=12, colour=INK)
    if len(columns) * width < 2 * 7 * max(len(columns[0]), len(columns[-1])):  # they would overlap
        return [write_text(NAMES, height - 6, f"to {columns[-1]}", pen)]
    last = write_text(end, height - 6, columns[-1], pen._replace(anchor="end"))
    return [write_text(NAMES, height - 6, columns[0], pen), last]


def _draw_marks(row: str, marks: Iterable[tuple[str, Mark]], width: float, foot: float) -> list[str]:
    parts = []
    for nth, (column, mark) in enumerate(marks):
        tall = NOTHING if mark.level is None else BARS[mark.level]
        fill = FAINT if mark.level is None else TONES[mark.level]
        told = f"{column}: {row}: {mark.name}"
        bar = (
            f'<rect x="{NAMES + nth * width:.1f}" y="{foot - tall}" width="{max(width - 2, 1):.1f}" height="{tall}" '
            f'fill="{fill}"><title>{escape(told)}</title></rect>'
        )
        if mark.link:
            bar = f'<a href={quoteattr(mark.link)} tabindex="-1" aria-label={quoteattr(told)}>{bar}</a>'
        parts.append(bar)
    return parts
