"""The tables of monitoring beside other libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def render(rows: Sequence[Row]) -> str:
    """Return the tables of the page."""
    models = dict.fromkeys(row["model"] for row in rows)
    tables = [_render_model(model, [row for row in rows if row["model"] == model]) for model in models]
    return "\n".join([*tables, _render_estimates(rows)])


def _render_model(model: str, rows: Sequence[Row]) -> str:
    changes = list(rows[0]["default"]["changes"])
    lines = [
        f"`{model}`, {rows[0]['days']} quiet days. Starts with an alarm the same day, within 5 days, and with a new "
        "alarm within 5 days:",
        "",
        f"| judge | alarm from | quiet days with an alarm | {' | '.join(changes)} | CPU seconds |",
        f"| --- | --- | --- | {' | '.join('---' for _ in changes)} | --- |",
    ]
    for row in rows:
        ours = row["judge"].startswith("ours")
        lines.append(_line(row, row["judge"], row["default"], "a verdict" if ours else None))
        if not ours and row["hindsight"]["least"] > 1:
            lines.append(_line(row, f"{row['judge']}, chosen in hindsight", row["hindsight"]))
    return "\n".join([*lines, ""])


def _line(row: Row, name: str, counted: Mapping[str, Any], least: str | None = None) -> str:
    count = counted["least"]
    cells = [
        name,
        least or f"{count} {'alert' if count == 1 else 'alerts'}",
        f"{counted['quiet']} ({_percent(counted['quiet'], row['days'])})",
        *(
            f"{its['same_day']}, {its['within_5']}, {its['new_within_5']} of {its['starts']}"
            for its in counted["changes"].values()
        ),
        str(row["seconds"]) if counted is row["default"] and "seconds" in row else "",
    ]
    return f"| {' | '.join(cells)} |"


def _render_estimates(rows: Sequence[Row]) -> str:
    lines = [
        "Error of estimates without outcomes: root mean square, in standard deviations of the daily figure on "
        "quiet days:",
        "",
        "| model | estimate | quiet days | other mix of rows |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        for measure, error in row.get("estimates", {}).items():
            lines.append(
                f"| `{row['model']}` | {measure.replace('_', ' ')}, {row['judge']} | {error['quiet']:.2f} "
                f"| {error['changed']:.2f} |"
            )
    return "\n".join([*lines, ""])


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}".replace("%", " %")
