"""`contender incidents`: list, show, acknowledge or close incidents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from contender.cli.person import current_user
from contender.cli.terminal import echo_json, echo_tables, make_table, on_one_line
from contender.installation import open_installation

app = typer.Typer(
    help="List, show, acknowledge or close incidents: what fails from one cause.",
    epilog="Example: contender incidents list",
    no_args_is_help=True,
)

Id = Annotated[str, typer.Argument(help="The incident's id, or its first characters.")]
By = Annotated[str, typer.Option(help="The person who decides.", default_factory=current_user)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command("list", epilog="Examples: contender incidents list | contender incidents list --all --json")
def list_incidents(
    everything: Annotated[
        bool, typer.Option("--all", help="Include recovered and closed incidents.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Number of incidents with --all, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the open and acknowledged incidents, oldest first. Changes nothing."""
    incidents = open_installation().book.incidents
    found = incidents.newest(limit=limit) if everything else incidents.unfinished()
    if as_json:
        echo_json(found)
        return
    if not found:
        typer.echo("No incidents." if everything else "No open incidents.")
        return
    table = make_table("incident", "since, UTC", "severity", "state", "signals", "what", prose=["what"])
    for one in found:
        since = f"{one.opened:%Y-%m-%d %H:%M}"
        table.add_row(one.id, since, one.severity, one.state, str(one.signals), on_one_line(one.what))
    echo_tables(table)


@app.command(epilog="Example: contender incidents show 4f2a")
def show(incident: Id, as_json: AsJson = False) -> None:
    """Show an incident: its cause, the steps that failed or are missing, and its events. Changes nothing.

    With --json, the incident alone.
    """
    from contender.alerting import find_incident
    from contender.incidents import describe_step

    here = open_installation()
    found = find_incident(here, incident)
    if as_json:
        echo_json(found)
        return
    typer.echo(f"{found.id}  {found.what}: {found.state}, {found.severity}")
    typer.echo(f"Owners: {', '.join(found.owners)}")
    for failure in found.failures:
        typer.echo(f"- {describe_step(failure.step)}: {'over' if failure.over else 'not over'}")
    table = make_table("at, UTC", "event", "by", "what", prose=["what"], title="Events")
    for event in here.book.incidents.events(found.id):
        table.add_row(f"{event.at:%Y-%m-%d %H:%M}", event.kind, event.by, on_one_line(event.what))
    echo_tables(table)


@app.command("ack", epilog="Example: contender incidents ack 4f2a")
def acknowledge(incident: Id, by: By) -> None:
    """Record that you take care of an incident. No reminders are sent any more; its recovery is still reported."""
    from contender.alerting import settle_incident
    from contender.incidents import acknowledge

    here, now = open_installation(), datetime.now(UTC)
    done = settle_incident(here, incident, lambda found: acknowledge(found, by, now))
    typer.echo(f"{done.id} is acknowledged by {by}: {done.what}")


@app.command(epilog='Example: contender incidents close 4f2a --reason "the source delivers nothing that day"')
def close(
    incident: Id,
    reason: Annotated[str, typer.Option(help="Why; recorded permanently with your name.")],
    by: By,
) -> None:
    """End an incident that will not recover, or need not. What it misses is not reported again.

    Does not change any table. A task that fails again opens another incident.
    """
    from contender.alerting import settle_incident
    from contender.incidents import close

    here, now = open_installation(), datetime.now(UTC)
    done = settle_incident(here, incident, lambda found: close(found, by, reason, now))
    typer.echo(f"{done.id} was closed by {by}: {done.what}")
