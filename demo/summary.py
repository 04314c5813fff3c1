"""The summary that the demo prints at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contender.embedded_airflow.mailbox import Mail
from contender.records import Measures
from demo.nights import Expectations, Night


def show_nights(console: Console, nights: Sequence[Night]) -> None:
    """Print one line per night: delivery, decision, measures, number of predictions, and monitoring result."""
    table = Table(title="Nights", title_justify="left")
    table.add_column("night")
    table.add_column("delivery")
    table.add_column("decision")
    table.add_column("serving", justify="right")
    for who in ("challenger", "champion", "baseline"):
        table.add_column(f"{who}\nAUC / loss", justify="right")
    table.add_column("flights\nscored", justify="right")
    table.add_column("its flights,\nmonitored")
    for night in nights:
        judged, after = night.evaluation, night.decision.champion_after
        table.add_row(
            str(night.day),
            "failed, corrected" if night.refused else "passed",
            night.decision.kind,
            "none" if after is None else f"version {after}",
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
                console.print(
                    f"  {night.day}: guard [bold]{reason.guard}[/] blocked the promotion: {reason.explanation}"
                )


def show_mails(console: Console, mails: Sequence[Mail]) -> None:
    """Print the subject and place of each mail."""
    table = Table(title="Received mails", title_justify="left")
    table.add_column("subject")
    table.add_column("place", overflow="fold")
    for mail in mails:
        table.add_row(escape(mail.subject), _shown(mail.place))
    console.print(table)


def show_expectations(console: Console, expectations: Expectations) -> None:
    """Print the checks and their results."""
    for what, passed in expectations.results:
        console.print(f"  {'[green]passed[/]' if passed else '[red]FAILED[/]'} {what}", highlight=False)


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
