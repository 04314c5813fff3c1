"""`contender quarantine`: what failed its gate, and what a person decides about it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from contender.admission import (
    discard_batch,
    find_quarantined,
    list_quarantined,
    release_batch,
)
from contender.cli.exit_codes import NO
from contender.cli.person import current_user
from contender.installation import open_installation
from contender.records import GateResult

app = typer.Typer(
    help="Batches that failed their gate: look at them, release or discard them.", no_args_is_help=True
)

Batch = Annotated[str, typer.Argument(help="Its id, or the beginning of it.")]
Reason = Annotated[str, typer.Option(help="Why; kept for good, with your name.")]
By = Annotated[str, typer.Option(help="Who decides.", default_factory=current_user)]


@app.command("list", epilog="Example: contender quarantine list --all")
def list_batches(
    everything: Annotated[bool, typer.Option("--all", help="Those that are settled, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """List the batches that wait, newest first."""
    found = [i for i in list_quarantined(open_installation()) if everything or i.state == "waiting"]
    if as_json:
        typer.echo("[" + ",\n".join(item.model_dump_json() for item in found) + "]")
        return
    if not found:
        typer.echo("Nothing waits in quarantine.")
        return
    table = Table("batch", "table", "days", "rows", "since", "state", "what is wrong")
    for item in found:
        table.add_row(
            item.id,
            item.batch.table,
            item.batch.days.key,
            str(item.batch.rows),
            f"{item.result.at:%Y-%m-%d %H:%M}",
            item.state,
            _troubles(item.result)[0],
        )
    Console().print(table)


@app.command(epilog="Example: contender quarantine show 4f2a")
def show(batch: Batch) -> None:
    """Show what is wrong with a batch, and where its files are."""
    item = find_quarantined(open_installation(), batch)
    typer.echo(f"{item.id}  {item.batch.table} {item.batch.days.key}, {item.batch.rows} rows: {item.state}")
    if item.act is not None:
        typer.echo(f"{item.act.kind} by {item.act.by} on {item.act.at:%Y-%m-%d %H:%M}: {item.act.reason}")
    for trouble in _troubles(item.result):
        typer.echo(f"- {trouble}")
    typer.echo(f"Its files: {item.place}")


@app.command("release", epilog='Example: contender quarantine release 4f2a --reason "a new airport opened"')
def release(batch: Batch, reason: Reason, by: By) -> None:
    """Publish a batch despite its gate. Nothing downstream starts by itself; the DAG `operations__quarantine` does.

    What failed when you looked is excused. If the gate fails it for anything else, nothing is published.
    """
    done = release_batch(open_installation(), batch, by, reason)
    if done.published is None:
        typer.echo(
            "Nothing was published: the gate fails the batch for what did not fail when it was quarantined."
        )
        for trouble in _troubles(done.result):
            typer.echo(f"- {trouble}")
        raise typer.Exit(NO)
    published = done.published
    typer.echo(f"{published.table} {published.days.key}: {published.rows} rows published, released by {by}.")
    typer.echo("What depends on these days was not started: `contender backfill --plan` shows it.")


@app.command("discard", epilog='Example: contender quarantine discard 4f2a --reason "a test file"')
def discard(batch: Batch, reason: Reason, by: By) -> None:
    """Delete a batch's rows and files. Its judgement is kept."""
    item = discard_batch(open_installation(), batch, by, reason)
    typer.echo(f"{item.id} ({item.batch.table} {item.batch.days.key}) is discarded.")


def _troubles(result: GateResult) -> list[str]:
    defects = [f"{defect.where}: {defect.what}; {defect.way_out}" for defect in result.defects]
    return defects + [f"{broken.expectation}: {broken.observed}" for broken in result.failed]
