"""`contender card`: what is known of a version, and what it must not be used for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contender.cards import read_card, render_html, render_markdown
from contender.installation import open_installation


def card(
    model: Annotated[str, typer.Argument(help="A model of the catalog.")],
    version: Annotated[int | None, typer.Argument(help="Its number; else the one that serves.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as one HTML file with drawings.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Print the card of a version: data, measures, slices, limits, behaviour and ledger, as Markdown."""
    found = read_card(open_installation(), model, version)
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(render_html(found), encoding="utf-8")
        typer.echo(f"Card of {model}, version {found.version}: {html}", err=as_json)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    elif html is None:
        typer.echo(render_markdown(found), nl=False)
