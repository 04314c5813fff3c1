"""`contender feasibility`: whether the data of a model is good enough to build on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contender.cli.exit_codes import CHECK_FAILED
from contender.cli.reports import report_place, show_progress, write_report
from contender.cli.terminal import echo_json
from contender.installation import Installation, open_installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contender.feasibility import Feasibility, Study


def feasibility(
    model: Annotated[str, typer.Argument(help="A model of the catalog.")],
    rows: Annotated[
        int, typer.Option(min=1000, help="Most labelled rows that are fitted; of more, a seeded sample.")
    ] = 100_000,
    html: Annotated[
        Path | None, typer.Option(help="The HTML report. Default: in the reports folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Judge whether the data of a model is feasible: go, wait or no-go, with reasons.

    Asks five questions: is there enough data, can the label be predicted, does data arrive in time, is it complete and
    in season, and which features pay. Fits the first recipe 60 times on the history in the lake, most of them on few
    rows; with a recipe that takes 3 seconds on 100,000 rows, this takes about two minutes. Needs built features and
    labels, but no version.

    Writes a report. Changes no table, model or record. Exits with 1 unless the verdict is go.
    """
    from contender.feasibility import judge, name_report, render_report

    installation = open_installation()
    installation.catalog.model(model)
    place = report_place("--html", html, installation.settings.reports, name_report(model))
    found = judge(_study(installation, model, rows))
    write_report("--html", render_report(found), place)
    if as_json:
        echo_json(found)
    else:
        typer.echo("\n".join(_render(found)))
    typer.echo(f"Report: {place}", err=as_json)
    if found.verdict != "go":
        raise typer.Exit(CHECK_FAILED)


def _study(installation: Installation, model: str, rows: int) -> Study:
    from contender.feasibility import make_study

    with show_progress("fits") as progress:
        task = progress.add_task(model, total=None)

        def count(total: int) -> None:
            if total:
                progress.update(task, total=total)
            else:
                progress.advance(task)

        return make_study(installation, model, rows, count)


def _render(found: Feasibility) -> Iterator[str]:
    study = found.study
    yield f"{study.model}: {found.verdict}"
    yield from (f"  {reason}" for reason in found.reasons)
    used = study.history.rows_used
    yield f"Recipe {study.recipe}, {study.loss} loss, {used:,} labelled rows, seed {study.seed}."
    for number, part in enumerate(found.parts, 1):
        yield ""
        yield f"{number}. {part.question} {part.answer.capitalize()}."
        yield from (f"   - {sentence}" for sentence in part.sentences)
