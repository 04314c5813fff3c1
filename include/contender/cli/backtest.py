"""`contender backtest`: what a span of past nights would have come to, by one policy or several."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from contender.backtesting import POLICIES, Backtest, BacktestError, live, read_history, render_report
from contender.backtesting.live import Cadence
from contender.lake import open_lake, places
from contender.settings import settings
from contender.specs import Days, DaysError, load_catalog, resolve_days

ERRORS = (BacktestError,)

CADENCES: tuple[Cadence, ...] = ("nightly", "weekly", "monthly")


def backtest(
    model: Annotated[str, typer.Argument(help="A model of the catalog.")],
    first: Annotated[str, typer.Option("--from", help="First night, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="Last night, included.")],
    cadence: Annotated[
        list[str] | None, typer.Option(help="nightly, weekly or monthly; several are put side by side.")
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option(help=f"One or several of: {', '.join(POLICIES)}. All by default.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Where the HTML report goes; else below the reports' folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the records as JSON, too.")] = False,
) -> None:
    """Live past nights by the judgements of the DAGs, from what the lake holds. Nothing is changed by it."""
    here = settings()
    catalog = load_catalog(here.catalog_home)
    spec = catalog.model(model)
    nights = _span(first, last)
    policies = _known("policy", policy or list(POLICIES), tuple(POLICIES))
    cadences = [c for c in CADENCES if c in _known("cadence", cadence or ["nightly"], CADENCES)]
    history = read_history(spec, nights, open_lake(here))
    lived: list[Backtest] = []
    with _progress() as progress:
        for each in cadences:
            task = progress.add_task(f"{model}, {each}", total=len(nights))

            def tell(_: date, task: object = task) -> None:
                progress.advance(task)  # type: ignore[arg-type]

            lived.append(live(catalog, spec, history, nights, policies, each, tell))
    name = f"backtest-{model}-{nights.first}-{nights.last}.html"
    place = places.below(here.reports, name) if report is None else str(report)
    places.write(place, render_report(lived).encode())
    if as_json:
        typer.echo("[" + ",\n".join(one.model_dump_json() for one in lived) + "]")
        return
    Console().print(_tabulate(lived))
    for line in lived[0].failed:
        typer.echo(line)
    typer.echo(f"Report: {place}")


def _span(first: str, last: str) -> Days:
    try:
        return resolve_days(None, {"first": first, "last": last})
    except DaysError as error:
        raise BacktestError(f"--from {first} --to {last}: {error}") from None


def _known(option: str, given: list[str], known: tuple[str, ...]) -> list[str]:
    for name in given:
        if name not in known:
            raise BacktestError(f"--{option} {name}: there are {', '.join(known)}")
    return given


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("nights"),
        TimeRemainingColumn(), console=Console(stderr=True),
    )  # fmt: skip


def _tabulate(lived: list[Backtest]) -> Table:
    first = lived[0]
    table = Table(
        "cadence", "policy", "served loss", "days", "promotions", "CPU s of fits",
        title=f"{first.model}, nights {first.nights.first} to {first.nights.last}",
    )  # fmt: skip
    for backtest in lived:
        for one in backtest.lived:
            table.add_row(
                backtest.cadence, one.policy, f"{one.mean_loss:.5f}", str(len(one.served)),
                str(one.promotions), f"{one.cpu_seconds:.0f}",
            )  # fmt: skip
    return table
