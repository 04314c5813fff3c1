"""Render the catalogue in a terminal: an overview of all tables, or the details of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from contender.cli.terminal import make_table

if TYPE_CHECKING:
    from contender.catalogue import Catalogue, Entry, Freshness, GateSummary
    from contender.specs import Column

MARKS = {"pass": "·", "warn": "!", "fail": "✗"}
COLOURS = {"pass": "green", "warn": "yellow", "fail": "red"}
OVERDUE = Text("overdue", style="red")


def render_catalogue(catalogue: Catalogue) -> Table:
    """Return one row per table; gates are shown from the oldest to the newest."""
    table = make_table("table", "last good day", "due", "gates", "rows", "owner", title="Catalogue")
    for entry in catalogue.entries:
        rows = entry.snapshots[0].rows if entry.snapshots else None
        table.add_row(
            entry.table,
            _shown(entry.freshness.last_good_day),
            OVERDUE if entry.freshness.overdue else _shown(entry.freshness.expected_day),
            Text.assemble(*(_mark(gate) for gate in reversed(entry.gates[:15]))) if entry.gates else "–",
            "–" if rows is None else f"{rows:,}",
            entry.owner,
        )
    return table


def render_entry(entry: Entry) -> list[RenderableType]:
    """Return the details of one table."""
    head: list[RenderableType] = [
        Text.assemble((entry.table, "bold"), f"  {entry.description}"),
        f"owner       {entry.owner}",
        f"key         {', '.join(entry.primary_key)}",
        f"filled by   {entry.dag}, {'a day at a time' if entry.daily else 'replaced as a whole'}",
        f"upstream    {', '.join(entry.upstream) or 'deliveries only'}",
        f"downstream  {', '.join(entry.downstream) or 'no table'}",
        Text.assemble("freshness   ", describe_freshness(entry.freshness)),
    ]
    expectations = [
        f"  {'(warns) ' if expectation.severity == 'warn' else ''}{expectation.text}"
        for expectation in entry.expectations
    ]
    parts: list[RenderableType] = [*head, "", _columns(entry.columns), ""]
    parts += ["Expectations of each batch:", *expectations, ""]
    if entry.guarantees:
        parts += ["Consumers may rely on:", *(f"  {guarantee}" for guarantee in entry.guarantees), ""]
    return [*parts, _gates(entry.gates), "", _snapshots(entry)]


def describe_freshness(freshness: Freshness) -> Text:
    """Return a table's newest day, when it is due, and whether it is overdue, as one line."""
    parts = [Text(f"newest day {_shown(freshness.last_good_day)}")]
    if freshness.cron is not None:
        parts.append(Text(f"due at {freshness.cron} UTC, {freshness.grace_hours} h of grace"))
    if freshness.overdue and freshness.due is not None:
        since = f": {freshness.expected_day} since {freshness.due:%Y-%m-%d %H:%M} UTC"
        parts.append(Text.assemble(("OVERDUE", "red"), since))
    elif freshness.expected_day is None:
        parts.append(Text("no day is scheduled yet"))
    else:
        parts.append(Text("on time"))
    return Text("; ").join(parts)


def _columns(columns: tuple[Column, ...]) -> Table:
    names = ("column", "type", "unit", "nullable", "personal data", "description")
    table = make_table(*names, prose=["description"])
    for column in columns:
        table.add_row(
            column.name,
            column.type,
            column.unit or "",
            "yes" if column.nullable else "",
            "yes" if column.pii else "",
            column.description,
        )
    return table


def _gates(gates: tuple[GateSummary, ...]) -> RenderableType:
    if not gates:
        return "No gate yet."
    columns = ("days", "verdict", "rows", "failed checks")
    table = make_table(*columns, prose=["failed checks"], title="Newest gates")
    for gate in gates[:10]:
        verdict = Text(gate.verdict, style=COLOURS[gate.verdict])
        table.add_row(gate.days, verdict, f"{gate.rows:,}", "; ".join(gate.broken) or "–")
    return table


def _snapshots(entry: Entry) -> RenderableType:
    if not entry.snapshots:
        return "Nothing published yet."
    columns = ("snapshot", "at, UTC", "days", "rows", "published", "built on")
    table = make_table(*columns, title="Newest snapshots")
    for snapshot in entry.snapshots[:10]:
        at = f"{snapshot.at:%Y-%m-%d %H:%M:%S}"
        origin = (_shown(snapshot.published), _shown(snapshot.engine))
        table.add_row(str(snapshot.id), at, _shown(snapshot.days), f"{snapshot.rows:,}", *origin)
    return table


def _mark(gate: GateSummary) -> tuple[str, str]:
    return MARKS[gate.verdict], COLOURS[gate.verdict]


def _shown(value: object) -> str:
    return "–" if value is None else str(value)
