"""`contender audit`: list what people did, from the acts and the ledger."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contender.cli.json_output import echo_json
from contender.installation import open_installation


def audit(
    about: Annotated[str | None, typer.Option(help="Only actions on this table or model.")] = None,
    by: Annotated[str | None, typer.Option(help="Only actions of this person.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Number of actions, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List what people did: who, when, to what, and why. Changes nothing.

    Runs that people start by hand are in Airflow's audit log.
    """
    from contender.records import read_audit

    actions = read_audit(open_installation().book, about=about, by=by, limit=limit)
    if as_json:
        echo_json(actions)
        return
    if not actions:
        typer.echo("No matching actions.")
        return
    table = Table("at, UTC", "who", "action", "on", "which", "reason", title="Actions of people")
    for action in actions:
        cells = (action.by, action.what, action.about, action.key, action.reason)
        table.add_row(f"{action.at:%Y-%m-%d %H:%M}", *(escape(cell) for cell in cells))
    Console().print(table)
