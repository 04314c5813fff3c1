"""`contender score`: the ML Test Score of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from contender.cli.terminal import echo_json, echo_tables, make_table, on_one_line
from contender.installation import open_installation

if TYPE_CHECKING:
    from contender.scorecard import Finding, Scorecard


def score(
    model: Annotated[str | None, typer.Argument(help="A model of the catalog. Default: all models.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Score a model by the 28 tests of the ML Test Score: data, model, infrastructure and monitoring.

    A test scores 1 if the records show that it runs repeatedly, 0.5 if it was done once or by hand, and 0 without a
    record; the reason and what is missing are shown. The final score is the lowest sum of a section. Changes nothing.
    """
    from contender import scorecard

    here = open_installation()
    names = list(here.catalog.models) if model is None else [model]
    cards = [scorecard.score(scorecard.read_evidence(here, name)) for name in names]
    if as_json:
        echo_json(cards)
    elif not cards:
        typer.echo("The catalog has no model. Draft one: contender new model NAME --from DATASET")
    for card in () if as_json else cards:
        echo_tables(_tabulate(card), f"\n{card.summary}\n")


def _tabulate(card: Scorecard) -> Table:
    table = make_table(
        "test",
        "name",
        "score",
        "why",
        "where to look, or what is missing",
        prose=("why", "where to look, or what is missing"),
        title=card.model,
    )
    for test in card.tests:
        found = test.finding
        number = f"{test.section} {test.number}"
        table.add_row(number, test.name, f"{found.score:g}", on_one_line(found.why), _explain(found))
    return table


def _explain(found: Finding) -> str:
    shown = [*found.evidence, *([f"missing: {found.missing}"] if found.missing else [])]
    return on_one_line("; ".join(shown))
