"""`contender replay`: a decision of the ledger, made again from what it was pinned to."""

from __future__ import annotations

from typing import Annotated

import typer

from contender.cli.exit_codes import NO
from contender.installation import open_installation
from contender.replaying import find_entry


def replay(
    wanted: Annotated[
        str, typer.Argument(metavar="ID|MODEL", help="A decision's id or its beginning; or a model.")
    ],
    number: Annotated[int | None, typer.Argument(help="After a model: the entry's number.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Make a decision again: refit from the pinned snapshots, judge, decide, and compare every part.

    Nothing is changed by it. The exit code is 0 when all is identical, and 1 when something differs.
    """
    from contender.replaying import replay as make_again

    here = open_installation()
    found = make_again(here, find_entry(here.book, wanted, number), _say)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        for line in found.report():
            typer.echo(line)
    if not found.identical:
        raise typer.Exit(NO)


def _say(line: str) -> None:
    typer.echo(line, err=True)
