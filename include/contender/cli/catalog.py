"""Render the catalogue for a terminal: one line per table, or one table in detail."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from contender.catalogue import Catalogue, Entry, Freshness, Judged
from contender.specs import Column

MARKS = {"pass": "·", "warn": "!", "fail": "✗"}
COLOURS = {"pass": "green", "warn": "yellow", "fail": "red"}


def render_catalogue(catalogue: Catalogue) -> Table:
    """Return a table with one line per lake table; gate results are ordered from oldest to newest."""
    table = Table("table", "last good day", "due", "gates", "rows", "owner", title="Catalogue")
    for entry in catalogue.entries:
        rows = entry.snapshots[0].rows if entry.snapshots else None
        table.add_row(
            escape(entry.table),
            _shown(entry.freshness.last_good_day),
            "[red]overdue[/red]" if entry.freshness.overdue else _shown(entry.freshness.expected_day),
            "".join(_mark(gate) for gate in reversed(entry.gates[:15])) or "–",
            "–" if rows is None else f"{rows:,}",
            escape(entry.owner),
        )
    return table


def render_entry(entry: Entry) -> Group:
    """Return everything that the catalogue knows about one table."""
    head = [
        f"[bold]{escape(entry.table)}[/bold]  {escape(entry.description)}",
        f"owner       {escape(entry.owner)}",
        f"key         {', '.join(entry.primary_key)}",
        f"filled by   {entry.dag}, {'one day at a time' if entry.daily else 'replaced as a whole'}",
        f"upstream    {', '.join(entry.upstream) or 'deliveries'}",
        f"downstream  {', '.join(entry.downstream) or 'no other table'}",
        f"freshness   {describe_freshness(entry.freshness)}",
    ]
    checks = [
        f"  {'(warns) ' if promise.severity == 'warn' else ''}{escape(promise.words)}"
        for promise in entry.promises
    ]
    parts: list[RenderableType] = ["\n".join(head), _columns(entry.columns)]
    parts.append("Checks of each batch:\n" + "\n".join(checks))
    if entry.guarantees:
        parts.append("Consumers may rely on:\n" + "\n".join(f"  {escape(g)}" for g in entry.guarantees))
    parts += [_gates(entry.gates), _snapshots(entry)]
    return Group(*(part for pair in ((part, "") for part in parts) for part in pair))


def describe_freshness(freshness: Freshness) -> str:
    """Return the newest day of a table, when the next delivery is due, and whether it is late."""
    parts = [f"newest day {_shown(freshness.last_good_day)}"]
    if freshness.cron is not None:
        parts.append(f"due at {freshness.cron} UTC, {freshness.grace_hours} h of grace")
    if freshness.overdue and freshness.due is not None:
        parts.append(f"[red]OVERDUE[/red]: {freshness.expected_day} since {freshness.due:%Y-%m-%d %H:%M} UTC")
    elif freshness.expected_day is None:
        parts.append("no delivery is due yet")
    else:
        parts.append("on time")
    return "; ".join(parts)


def _columns(columns: tuple[Column, ...]) -> Table:
    table = Table("column", "type", "unit", "nullable", "personal", "description")
    for column in columns:
        table.add_row(
            column.name,
            column.type,
            escape(column.unit or ""),
            "yes" if column.nullable else "",
            "yes" if column.pii else "",
            escape(column.description),
        )
    return table


def _gates(gates: tuple[Judged, ...]) -> RenderableType:
    if not gates:
        return "No gate results yet."
    table = Table("days", "verdict", "rows", "failed checks", title="Newest gates", title_justify="left")
    for gate in gates[:10]:
        colour = COLOURS[gate.verdict]
        broken = escape("; ".join(gate.broken)) or "–"
        table.add_row(gate.days, f"[{colour}]{gate.verdict}[/{colour}]", f"{gate.rows:,}", broken)
    return table


def _snapshots(entry: Entry) -> RenderableType:
    if not entry.snapshots:
        return "Nothing published yet."
    table = Table("snapshot", "at, UTC", "days", "rows", title="Newest snapshots", title_justify="left")
    for snapshot in entry.snapshots[:10]:
        at = f"{snapshot.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(snapshot.id), at, _shown(snapshot.days), f"{snapshot.rows:,}")
    return table


def _mark(gate: Judged) -> str:
    return f"[{COLOURS[gate.verdict]}]{MARKS[gate.verdict]}[/]"


def _shown(value: object) -> str:
    return "–" if value is None else str(value)
