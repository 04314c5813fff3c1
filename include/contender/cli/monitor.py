"""`contender monitor`: the monitored days of a model, with the evidence of each signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from contender.cli.terminal import echo_json, echo_tables, make_table
from contender.installation import open_installation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contender.records import Monitored

COLUMNS = ("day", "version", "loss", "estimated", "expected", "rise", "drift", "changed columns", "verdict")


def monitor(
    model: Annotated[str, typer.Argument(help="A model of the catalog.")],
    limit: Annotated[int, typer.Option(min=1, help="Number of days, newest first.")] = 14,
    why: Annotated[bool, typer.Option("--why", help="Show the reason of each verdict.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the monitored days of a model, newest first: loss, evidence of a change, and verdict.

    `estimated` is the loss that the predictions imply if they are calibrated, `expected` that of the version's
    evaluation. `rise` is the evidence that the loss has grown or outcomes contradict predictions, `drift` that the
    inputs move away from recent days; 6 is enough. Changes nothing.
    """
    from contender.specs import dag_id

    installation = open_installation()
    installation.catalog.model(model)  # raises if the catalog has no such model
    found = installation.book.monitored.newest(model, limit)
    if as_json:
        echo_json(found)
    elif not found:
        typer.echo(
            f"No day of {model} has been monitored yet. The DAG {dag_id('monitor', model)} writes one a night."
        )
    else:
        echo_tables(_tabulate(model, found))
        for one in found if why else ():
            typer.echo(f"\n{one.day} {one.verdict}: {one.why or 'recorded without a reason'}\n  {one.action}")


def _tabulate(model: str, found: Sequence[Monitored]) -> Table:
    table = make_table(*COLUMNS, title=model)
    for one in found:
        table.add_row(
            str(one.day),
            "–" if one.version is None else str(one.version),
            _figure(None if one.measures is None else one.measures.loss),
            _figure(one.estimated_loss),
            _figure(one.expected_loss),
            _evidence(one.rise),
            _evidence(one.drift),
            ", ".join(change.column for change in one.changes) or "–",
            one.verdict,
        )
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _evidence(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
