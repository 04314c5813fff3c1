"""Render the catalogue in a terminal: an overview of all tables, or the details of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from contender.specs import Column

if TYPE_CHECKING:
    from contender.catalogue import Catalogue, Entry, Freshness, GateSummary

MARKS = {"pass": "·", "warn": "!", "fail": "✗"}
COLOURS = {"pass": "green", "warn": "yellow", "fail": "red"}


def render_catalogue(catalogue: Catalogue) -> Table:
    """Return one row per table; gates are shown from the oldest to the newest."""
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
    """Return the details of one table."""
    head = [
        f"[bold]{escape(entry.table)}[/bold]  {escape(entry.description)}",
        f"owner       {escape(entry.owner)}",
        f"key         {', '.join(entry.primary_key)}",
        f"filled by   {entry.dag}, {'a day at a time' if entry.daily else 'replaced as a whole'}",
        f"upstream    {', '.join(entry.upstream) or 'deliveries only'}",
        f"downstream  {', '.join(entry.downstream) or 'no table'}",
        f"freshness   {describe_freshness(entry.freshness)}",
    ]
    expectations = [
        f"  {'(warns) ' if expectation.severity == 'warn' else ''}{escape(expectation.text)}"
        for expectation in entry.expectations
    ]
    parts: list[RenderableType] = ["\n".join(head), _columns(entry.columns)]
    parts.append("Expectations of each batch:\n" + "\n".join(expectations))
    if entry.guarantees:
        parts.append("Consumers may rely on:\n" + "\n".join(f"  {escape(g)}" for g in entry.guarantees))
    parts += [_gates(entry.gates), _snapshots(entry)]
    return Group(*(part for pair in ((part, "") for part in parts) for part in pair))


def describe_freshness(freshness: Freshness) -> str:
    """Return a table's newest day, when it is due, and whether it is overdue, as one line."""
    parts = [f"newest day {_shown(freshness.last_good_day)}"]
    if freshness.cron is not None:
        parts.append(f"due at {freshness.cron} UTC, {freshness.grace_hours} h of grace")
    if freshness.overdue and freshness.due is not None:
        parts.append(f"[red]OVERDUE[/red]: {freshness.expected_day} since {freshness.due:%Y-%m-%d %H:%M} UTC")
    elif freshness.expected_day is None:
        parts.append("no day is scheduled yet")
    else:
        parts.append("on time")
    return "; ".join(parts)


def _columns(columns: tuple[Column, ...]) -> Table:
    table = Table("column", "type", "unit", "nullable", "personal data", "description")
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


def _gates(gates: tuple[GateSummary, ...]) -> RenderableType:
    if not gates:
        return "No gate yet."
    table = Table("days", "verdict", "rows", "failed checks", title="Newest gates", title_justify="left")
    for gate in gates[:10]:
        colour = COLOURS[gate.verdict]
        failed = escape("; ".join(gate.broken)) or "–"
        table.add_row(gate.days, f"[{colour}]{gate.verdict}[/{colour}]", f"{gate.rows:,}", failed)
    return table


def _snapshots(entry: Entry) -> RenderableType:
    if not entry.snapshots:
        return "Nothing published yet."
    table = Table("snapshot", "at, UTC", "days", "rows", title="Newest snapshots", title_justify="left")
    for snapshot in entry.snapshots[:10]:
        at = f"{snapshot.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(snapshot.id), at, _shown(snapshot.days), f"{snapshot.rows:,}")
    return table


def _mark(gate: GateSummary) -> str:
    return f"[{COLOURS[gate.verdict]}]{MARKS[gate.verdict]}[/]"


def _shown(value: object) -> str:
    return "–" if value is None else str(value)
