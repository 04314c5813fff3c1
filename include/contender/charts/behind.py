"""A chart with the table of its figures behind it, for readers who do not see the chart or want the figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from contender.charts.paper import Points
from contender.rendering import templates

TEMPLATES = Path(__file__).parent / "templates"

Row = Sequence[object]


def show_chart(chart: str, caption: str, columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a chart of this package, and its figures as a table that opens below it."""
    found = templates(TEMPLATES).get_template("chart.html")
    return found.render(chart=Markup(chart), caption=caption, columns=columns, rows=rows)  # noqa: S704 - charts escape their texts


def tabulate_lines(lines: Mapping[str, Points], names: Mapping[float, str]) -> tuple[list[str], list[Row]]:
    """Return the columns and rows of the lines of a chart, a row for each x, named by `names` where it has one."""
    places = sorted({x for points in lines.values() for x, _ in points})
    found = {name: dict(points) for name, points in lines.items()}
    rows: list[Row] = [
        (names.get(x, f"{x:g}"), *(_show(values.get(x)) for values in found.values())) for x in places
    ]
    return ["at", *lines], rows


def _show(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.4g}"
