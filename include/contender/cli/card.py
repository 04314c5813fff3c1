"""`contender card`: print the model card of a version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contender.cli.terminal import echo_json
from contender.installation import open_installation


def card(
    model: Annotated[str, typer.Argument(help="A model of the catalog.")],
    version: Annotated[
        int | None, typer.Argument(help="The version's number. Default: the serving version.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the card to this HTML file, with charts.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of Markdown.")] = False,
) -> None:
    """Print the model card of a version as Markdown: data, measures, slices, limits, behaviour and ledger.

    Changes nothing; with --html it writes the card to a file.
    """
    from contender.cards import read_card, render_html, render_markdown
    from contender.scorecard import read_evidence, score

    here = open_installation()
    found = read_card(here, model, version)
    readiness = None if as_json and html is None else score(read_evidence(here, model)).verdict
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(render_html(found, readiness), encoding="utf-8")
        typer.echo(f"Card of {model}, version {found.version}: {html}", err=as_json)
    if as_json:
        echo_json(found)
    elif html is None:
        typer.echo(render_markdown(found, readiness), nl=False)
