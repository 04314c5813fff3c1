"""`contender quarantine`: list, show, release or discard batches that failed their gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from contender.cli.exit_codes import CHECK_FAILED
from contender.cli.person import current_user
from contender.cli.terminal import echo_json, echo_tables, make_table, on_one_line
from contender.installation import open_installation

if TYPE_CHECKING:
    from contender.records import GateResult

app = typer.Typer(
    help="List, show, release or discard batches that failed their gate.",
    epilog="Example: contender quarantine list",
    no_args_is_help=True,
)

Batch = Annotated[str, typer.Argument(help="The batch's id, or its first characters.")]
Reason = Annotated[str, typer.Option(help="Why; recorded permanently with your name.")]
By = Annotated[str, typer.Option(help="The person who decides.", default_factory=current_user)]


@app.command("list", epilog="Example: contender quarantine list --all")
def list_batches(
    everything: Annotated[
        bool, typer.Option("--all", help="Include released and discarded batches.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the batches in quarantine, newest first. `contender quarantine show` prints all problems of a batch.

    Changes nothing.
    """
    from contender.admission import list_quarantined

    found = [i for i in list_quarantined(open_installation()) if everything or i.state == "waiting"]
    if as_json:
        echo_json(found)
        return
    if not found:
        typer.echo("The quarantine is empty.")
        return
    columns = ("batch", "table", "days", "rows", "since", "state", "problems")
    table = make_table(*columns, prose=["problems"])
    for item in found:
        table.add_row(
            item.id,
            item.batch.table,
            item.batch.days.key,
            str(item.batch.rows),
            f"{item.result.at:%Y-%m-%d %H:%M}",
            item.state,
            on_one_line(_summarize(list_problems(item.result))),
        )
    echo_tables(table)


@app.command(epilog="Example: contender quarantine show 4f2a")
def show(batch: Batch) -> None:
    """Show why a batch failed its gate, and where its files are. Changes nothing."""
    from contender.admission import find_quarantined

    item = find_quarantined(open_installation(), batch)
    typer.echo(f"{item.id}  {item.batch.table} {item.batch.days.key}, {item.batch.rows} rows: {item.state}")
    if item.act is not None:
        typer.echo(f"{item.act.kind} by {item.act.by} on {item.act.at:%Y-%m-%d %H:%M}: {item.act.reason}")
    for problem in list_problems(item.result):
        typer.echo(f"- {problem}")
    typer.echo(f"Files: {item.place}")


@app.command("release", epilog='Example: contender quarantine release 4f2a --reason "a new airport opened"')
def release(batch: Batch, reason: Reason, by: By) -> None:
    """Publish a batch despite its failed checks, which become recorded warnings.

    Replaces the batch's days in its table. If the gate finds any other failure, nothing is published.

    Does not start downstream runs; the DAG `operations__quarantine` releases a batch and starts them.
    """
    from contender.admission import release_batch

    done = release_batch(open_installation(), batch, by, reason)
    if done.published is None:
        typer.echo(
            "Nothing was published: the batch now fails checks that it passed when it was quarantined."
        )
        for problem in list_problems(done.result):
            typer.echo(f"- {problem}")
        raise typer.Exit(CHECK_FAILED)
    published = done.published
    typer.echo(f"{published.table} {published.days.key}: {published.rows} rows published, released by {by}.")
    typer.echo("No downstream run was started. `contender backfill --plan` shows what depends on these days.")


@app.command("discard", epilog='Example: contender quarantine discard 4f2a --reason "a test file"')
def discard(batch: Batch, reason: Reason, by: By) -> None:
    """Delete a batch's rows and files from quarantine.

    Does not change its table, nor the recorded gate result.
    """
    from contender.admission import discard_batch

    item = discard_batch(open_installation(), batch, by, reason)
    typer.echo(f"{item.id} ({item.batch.table} {item.batch.days.key}) was discarded.")


def _summarize(problems: list[str]) -> str:
    first, *more = problems
    return f"{first}; and {len(more)} more" if more else first


def list_problems(result: GateResult) -> list[str]:
    """Return the defects and failed checks of a gate result, one line each."""
    defects = [f"{defect.where}: {defect.what}; {defect.way_out}" for defect in result.defects]
    return defects + [f"{broken.expectation}: {broken.observed}" for broken in result.failed]
