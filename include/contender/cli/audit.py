"""`contender audit`: what people did, from the acts and the ledger, as one list."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contender.cli.json_output import echo_json
from contender.installation import open_installation
from contender.records import read_audit


def audit(
    about: Annotated[str | None, typer.Option(help="Only what was done to this table or model.")] = None,
    by: Annotated[str | None, typer.Option(help="Only what this person did.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Show what people did: who, when, to what, and why. Runs they started are in Airflow's own audit log."""
    found = read_audit(open_installation().book, about=about, by=by, limit=limit)
    if as_json:
        echo_json(found)
        return
    if not found:
        typer.echo("Nobody did anything of the kind yet.")
        return
    table = Table("at, UTC", "who", "what", "to", "which", "why", title="What people did")
    for one in found:
        told = (one.by, one.what, one.about, one.key, one.reason)
        table.add_row(f"{one.at:%Y-%m-%d %H:%M}", *(escape(word) for word in told))
    Console().print(table)
