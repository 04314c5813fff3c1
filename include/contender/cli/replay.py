"""`contender replay`: repeat a ledger decision from its pinned snapshots."""

from __future__ import annotations

from typing import Annotated

import typer

from contender.cli.exit_codes import CHECK_FAILED
from contender.cli.terminal import echo_json
from contender.installation import open_installation


def replay(
    wanted: Annotated[
        str, typer.Argument(metavar="ID|MODEL", help="A decision's id or its first characters, or a model.")
    ],
    number: Annotated[
        int | None, typer.Argument(help="With a model: the number of the ledger entry.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Repeat a decision from its pinned snapshots (train, evaluate, decide), and compare every part.

    Changes nothing. The exit code is 0 if all parts are identical, and 1 if any part differs.
    """
    from contender import replaying

    here = open_installation()
    found = replaying.replay(here, replaying.find_entry(here.book, wanted, number), _report)
    if as_json:
        echo_json(found)
    else:
        for line in found.report():
            typer.echo(line)
    if not found.identical:
        raise typer.Exit(CHECK_FAILED)


def _report(line: str) -> None:
    typer.echo(line, err=True)
