"""`contender ledger`, and decisions of a person about a champion: `rollback`, `promote` and `resume`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from contender.cli.exit_codes import CHECK_FAILED, UsageError
from contender.cli.person import current_user
from contender.cli.terminal import echo_json, echo_tables, make_table, on_one_line
from contender.installation import open_installation

if TYPE_CHECKING:
    from contender.promoting import ManualKind
    from contender.records import Decision, Entry

Model = Annotated[str, typer.Argument(help="A model of the catalog.")]
Reason = Annotated[str, typer.Option(help="Why; recorded permanently with your name.")]
By = Annotated[str, typer.Option(help="The person who decides.", default_factory=current_user)]


def show(
    model: Annotated[str, typer.Argument(help="A model of the catalog, or `verify` to check all ledgers.")],
    limit: Annotated[int, typer.Option(min=1, help="Number of entries, newest first.")] = 30,
    why: Annotated[bool, typer.Option("--why", help="Show each guard's result and the evidence.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the decisions about a model, newest first; or verify that no ledger entry was changed.

    Changes nothing.
    """
    from contender.specs import dag_id

    if model == "verify":
        _verify()
        return
    installation = open_installation()
    installation.catalog.model(model)  # raises if the catalog has no such model
    book = installation.book
    entries = book.ledger.newest(model, limit)
    if as_json:
        echo_json(entries)
    elif not entries:
        typer.echo(
            f"No decision about {model} yet. The DAG {dag_id('retrain', model)} writes the first entry."
        )
    else:
        echo_tables(_tabulate(model, entries))
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
    to: Annotated[int | None, typer.Option(help="An earlier champion. Default: the previous one.")] = None,
) -> None:
    """Serve the previous champion again, immediately.

    Changes the ledger and the champion alias. Refreshes must then win against this version until `contender resume`.

    Does not change stored predictions.
    """
    _decide(model, "rolled_back", by, reason, to)


def promote(
    model: Model,
    version: Annotated[int, typer.Argument(help="A version in the registry.")],
    reason: Reason,
    by: By,
) -> None:
    """Serve a version of your choice, immediately and without guards or a sequential test. For emergencies.

    Changes the ledger and the champion alias.

    Does not change stored predictions.
    """
    _decide(model, "emergency", by, reason, version)


def resume(model: Model, reason: Reason, by: By) -> None:
    """Allow automatic refreshes again, after a roll-back or an emergency promotion.

    Adds an entry to the ledger.

    Does not change the champion or stored predictions.
    """
    _decide(model, "resumed", by, reason)


def _decide(model: str, kind: ManualKind, by: str, reason: str, version: int | None = None) -> None:
    from contender.alerting import compose_decision_alert
    from contender.promoting import ManualDecision, decide_by_hand
    from contender.registry import UnknownVersion
    from contender.specs import dag_id

    here = open_installation()
    owner = here.catalog.model(model).owner
    try:
        entry = decide_by_hand(here, model, ManualDecision(kind, by, reason, version))
    except UnknownVersion as error:
        raise UsageError(str(error)) from None
    here.book.alerts.add(compose_decision_alert(entry, to=owner))
    typer.echo(
        f"{model}: version {entry.decision.champion_after} is serving. This is entry {entry.number} of its ledger."
    )
    typer.echo(f"A mail to {owner} is queued. Airflow sends it within 15 minutes.")
    typer.echo(
        f"Stored predictions are not changed. To replace them, start {dag_id('score', model)} for night "
        f"{entry.decision.night}."
    )


def _verify() -> None:
    from contender.promoting import verify_ledger

    installation = open_installation()
    mistakes = [
        f"{name}: {mistake}"
        for name in installation.catalog.models
        for mistake in verify_ledger(name, installation.book, installation.registry)
    ]
    for line in mistakes:
        typer.echo(line, err=True)
    if mistakes:
        raise typer.Exit(CHECK_FAILED)
    typer.echo("No ledger was changed, and every champion alias matches its ledger.")


def _tabulate(model: str, entries: Sequence[Entry]) -> Table:
    columns = ("entry", "night", "decision", "version", "serving", "by", "why", "seal")
    table = make_table(*columns, prose=["why"], title=f"Ledger of {model}")
    for entry in entries:
        decision = entry.decision
        table.add_row(
            str(entry.number),
            str(decision.night),
            decision.kind,
            str(decision.challenger),
            str(decision.champion_after),
            decision.approved_by or decision.by,
            on_one_line(_explain(decision)),
            entry.seal[:8],
        )
    return table


def _explain(decision: Decision) -> str:
    if decision.why:
        return decision.why
    blocking = [reason.explanation for reason in decision.reasons if not reason.passed]
    return "; ".join(blocking) or "no guard blocked it"
