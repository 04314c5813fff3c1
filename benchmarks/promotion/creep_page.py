"""The generated tables of docs/GUARDS.md on wrong labels that arrive with new days, from the stored results."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.keeping import put_into
from benchmarks.promotion.creep import DAYS, EXTRA, HEALTHY, HELD, WITHIN
from benchmarks.promotion.harm import CHOSEN
from benchmarks.promotion.harm_page import PAGE, describe_blocked, describe_promoted, pick_row
from benchmarks.promotion.rows import Row

BEGIN, END = "<!-- creep: made by `make bench-promotion` -->", "<!-- end of creep -->"


def render_creep(rows: Sequence[Row]) -> str:
    """Return a table for each model; an empty string without results."""
    of = [row for row in rows if row.table == "creep"]
    return "\n".join(
        _render(data, of) for data in dict.fromkeys(row.data for row in of) if CHOSEN not in data
    )


def write(rows: Sequence[Row]) -> None:
    """Write the tables into the page."""
    PAGE.write_text(put_into(PAGE.read_text(), render_creep(rows), BEGIN, END))


def _render(data: str, of: Sequence[Row]) -> str:
    rows = [row for row in of if row.data == data]
    healthy = pick_row(rows, HEALTHY, HEALTHY)
    chosen = pick_row([row for row in of if row.data == f"{data}, {CHOSEN}"], HEALTHY, HEALTHY)
    poisons = dict.fromkeys(str(row.effect) for row in rows if row.effect != HEALTHY)
    held = " | ".join(HELD.format(days) for days in WITHIN)
    return "\n".join(
        [
            f"`{data}`: without a fault, {describe_promoted(healthy)} of {healthy.runs} nights passed, and "
            f"{describe_promoted(chosen)} of the {chosen.runs} earlier ones that were used to choose the bounds.\n",
            f"| labels of new days | {held} | median days | loss of a refresh after {DAYS} days, {EXTRA} |",
            "| --- |" + " --- |" * (len(WITHIN) + 2),
            *(_line(poison, rows) for poison in poisons),
            "",
        ]
    )


def _line(poison: str, rows: Sequence[Row]) -> str:
    found = [pick_row(rows, poison, HELD.format(days)) for days in WITHIN]
    extra = pick_row(rows, poison, EXTRA).served_loss
    assert extra is not None
    days = "–" if found[0].median_days is None else f"{found[0].median_days:.0f}"
    return f"| {poison} | " + " | ".join(map(describe_blocked, found)) + f" | {days} | {100 * extra:+.1f} % |"
