"""`contender audit`: list what people did, from the acts and the ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from contender.cli.terminal import echo_json, echo_tables, make_table, on_one_line
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
    columns = ("at, UTC", "who", "action", "on", "which", "reason")
    table = make_table(*columns, prose=["reason"], title="Actions of people")
    for action in actions:
        at = f"{action.at:%Y-%m-%d %H:%M}"
        table.add_row(at, action.by, action.what, action.about, action.key, on_one_line(action.reason))
    echo_tables(table)
