"""What the demo shows at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contender.records import Measures
from demo.mailbox import Mail
from demo.nights import Expectations, Night


def show_nights(console: Console, nights: Sequence[Night]) -> None:
    """Print a line a night: delivery, decision, measures, predictions, and how its own had been foretold."""
    table = Table(title="The nights", title_justify="left")
    table.add_column("night")
    table.add_column("delivery")
    table.add_column("decision")
    table.add_column("serves", justify="right")
    for who in ("challenger", "champion", "baseline"):
        table.add_column(f"{who}\nAUC / loss", justify="right")
    table.add_column("flights\nscored", justify="right")
    table.add_column("its flights,\nscored before")
    for night in nights:
        judged, after = night.evaluation, night.decision.champion_after
        table.add_row(
            str(night.day),
            "refused, corrected" if night.refused else "good",
            night.decision.kind,
            "nobody" if after is None else f"version {after}",
            _measures(judged.challenger_measures),
            _measures(judged.champion_measures),
            _measures(judged.baseline_measures),
            f"{night.scored_rows:,}",
            _monitored(night),
        )
    console.print(table)
    for night in nights:
        for reason in night.decision.reasons:
            if not reason.passed:
                console.print(f"  {night.day}: guard [bold]{reason.guard}[/] spoke: {reason.explanation}")


def show_mails(console: Console, mails: Sequence[Mail]) -> None:
    """Print each mail's subject and where it can be read."""
    table = Table(title="Mails received", title_justify="left")
    table.add_column("subject")
    table.add_column("to read", overflow="fold")
    for mail in mails:
        table.add_row(escape(mail.subject), _shown(mail.place))
    console.print(table)


def show_expectations(console: Console, expectations: Expectations) -> None:
    """Print what had to hold, and whether it did."""
    for what, holds in expectations.held:
        console.print(f"  {'[green]held[/]  ' if holds else '[red]BROKEN[/]'} {what}", highlight=False)


def _measures(measures: Measures | None) -> str:
    if measures is None:
        return "–"
    auc = "–" if measures.auc is None else f"{measures.auc:.3f}"
    return f"{auc} / {measures.loss:.4f}"


def _monitored(night: Night) -> str:
    monitored = night.monitored
    if monitored is None or monitored.measures is None:
        return "–"
    return f"loss {monitored.measures.loss:.4f}, {monitored.verdict}"


def _shown(place: str) -> str:
    return place.removeprefix(f"{Path.cwd()}/")
