"""`contender ledger`, and what a person decides about a champion: `rollback`, `promote` and `resume`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from contender.alerting import compose_decision_alert
from contender.cli.exit_codes import NO, UsageError
from contender.cli.json_output import echo_json
from contender.cli.person import current_user
from contender.installation import open_installation
from contender.promoting import ManualDecision, decide_by_hand, verify_ledger
from contender.records import Decision, Entry
from contender.specs import dag_id

Model = Annotated[str, typer.Argument(help="A model of the catalog.")]
Reason = Annotated[str, typer.Option(help="Why; kept for good, with your name.")]
By = Annotated[str, typer.Option(help="Who decides.", default_factory=current_user)]


def show(
    model: Annotated[str, typer.Argument(help="A model of the catalog; or `verify`, to check all ledgers.")],
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest entries.")] = 30,
    why: Annotated[bool, typer.Option("--why", help="Tell each guard's word, and the evidence.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Show what was decided about a model and why, newest first; or verify that no ledger was changed."""
    if model == "verify":
        _verify()
        return
    installation = open_installation()
    installation.catalog.model(model)  # raises where the catalog has no such model
    book = installation.book
    entries = book.ledger.newest(model, limit)
    if as_json:
        echo_json(entries)
    elif not entries:
        typer.echo(
            f"Nothing was decided about {model} yet: {dag_id('retrain', model)} makes its first entry."
        )
    else:
        Console().print(_tabulate(model, entries))
        for entry in entries if why else ():
            typer.echo("\n" + "\n  ".join(entry.decision.summary()))
    for proposal in [] if as_json else [p for p in book.proposals.waiting([model]) if p.open]:
        typer.echo(
            f"Night {proposal.decision.night}: version {proposal.decision.challenger}, {proposal.what}, waits for "
            f"approval until {proposal.deadline:%Y-%m-%d %H:%M} UTC: {proposal.form}"
        )


def rollback(
    model: Model,
    reason: Reason,
    by: By,
    to: Annotated[
        int | None, typer.Option(help="A version that served once; else the one before the champion.")
    ] = None,
) -> None:
    """Let the version before serve again, at once. Refreshes then have to earn their place until `resume`."""
    _decide(model, ManualDecision("rolled_back", by, reason, to))


def promote(
    model: Model,
    version: Annotated[int, typer.Argument(help="A version in the registry.")],
    reason: Reason,
    by: By,
) -> None:
    """Put a version in place by hand, whatever guards and race say of it. For emergencies."""
    _decide(model, ManualDecision("emergency", by, reason, version))


def resume(model: Model, reason: Reason, by: By) -> None:
    """Let refreshes serve again as they used to, after a roll-back or an emergency."""
    _decide(model, ManualDecision("resumed", by, reason))


def _decide(model: str, manual: ManualDecision) -> None:
    from contender.registry import UnknownVersion  # slow to import, and only needed here

    here = open_installation()
    owner = here.catalog.model(model).owner
    try:
        entry = decide_by_hand(here, model, manual)
    except UnknownVersion as error:
        raise UsageError(str(error)) from None
    here.book.alerts.add(compose_decision_alert(entry, to=owner))
    typer.echo(
        f"{model}: version {entry.decision.champion_after} serves. Entry {entry.number} of its ledger."
    )
    typer.echo(f"A mail to {owner} waits for Airflow to send it, which it does every quarter of an hour.")
    typer.echo(
        f"What was scored before keeps its scores: {dag_id('score', model)} for night {entry.decision.night} "
        "replaces them."
    )


def _verify() -> None:
    installation = open_installation()
    wrong = [
        f"{name}: {word}"
        for name in installation.catalog.models
        for word in verify_ledger(name, installation.book, installation.registry)
    ]
    for line in wrong:
        typer.echo(line, err=True)
    if wrong:
        raise typer.Exit(NO)
    typer.echo("Every ledger is as it was written, and every alias follows it.")


def _tabulate(model: str, entries: Sequence[Entry]) -> Table:
    table = Table(
        "entry", "night", "what", "version", "serves", "by", "why", "seal", title=f"Ledger of {model}"
    )
    for entry in entries:
        decision = entry.decision
        table.add_row(
            str(entry.number),
            str(decision.night),
            decision.kind,
            str(decision.challenger),
            str(decision.champion_after),
            decision.approved_by or decision.by,
            _told(decision),
            entry.seal[:8],
        )
    return table


def _told(decision: Decision) -> str:
    if decision.why:
        return decision.why
    blocking = [reason.explanation for reason in decision.reasons if not reason.passed]
    return "; ".join(blocking) or "no guard blocked it"
