"""`contender replay`: a decision of the ledger, made again from what it was pinned to."""

from __future__ import annotations

from typing import Annotated

import typer

from contender.installation import open_installation
from contender.lake import LakeError
from contender.records import BookError
from contender.replaying import ReplayError, find_entry
from contender.specs import CatalogError

IDENTICAL, DIFFERENT, IMPOSSIBLE = 0, 1, 2


def replay(
    wanted: Annotated[
        str, typer.Argument(metavar="ID|MODEL", help="A decision's id or its beginning; or a model.")
    ],
    number: Annotated[int | None, typer.Argument(help="After a model: the entry's number.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Make a decision again: refit from the pinned snapshots, judge, decide, and compare every part.

    Nothing is changed by it. Ends with 0 when all is identical, 1 when something differs, 2 when it cannot be replayed.
    """
    from contender.replaying import replay as make_again

    here = open_installation()
    try:
        entry = find_entry(here.book, wanted, number)
        found = make_again(here.catalog, entry, here.lake, here.registry, here.book, _say)
    except (BookError, CatalogError, LakeError, ReplayError) as error:
        _say(str(error))
        raise typer.Exit(IMPOSSIBLE) from None
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        for line in found.tell():
            typer.echo(line)
    raise typer.Exit(IDENTICAL if found.identical else DIFFERENT)


def _say(line: str) -> None:
    typer.echo(line, err=True)
