"""`contender backtest`: compare promotion policies on past nights."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from contender.cli.exit_codes import CHECK_FAILED, INTERRUPTED, UsageError
from contender.cli.reports import check_known, report_place, show_progress, write_report
from contender.cli.terminal import echo_json, echo_tables, make_table
from contender.installation import Installation, open_installation

if TYPE_CHECKING:
    from rich.progress import TaskID

    from contender.backtesting import Backtest, CadenceName
    from contender.specs import Days, ModelSpec

SHOWN = 10

CadenceNames = Annotated[
    list[str] | None,
    typer.Option(
        help="nightly, weekly, monthly (every 30 nights), when_needed, own (of spec.py) or oracle (the best nights in "
        "hindsight); repeatable; default: nightly. They are compared with the first of this order, and one is advised."
    ),
]
PolicyNames = Annotated[
    list[str] | None,
    typer.Option(
        help="ours, no-recovery, static, blind, better-lately or strict-race; repeatable; default: all that differ. "
        "The report details the first."
    ),
]


def backtest(
    model: Annotated[str, typer.Argument(help="A model of the catalog.")],
    first: Annotated[str, typer.Option("--from", help="First night, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="Last night, inclusive, YYYY-MM-DD.")],
    cadence: CadenceNames = None,
    policy: PolicyNames = None,
    report: Annotated[
        Path | None, typer.Option(help="The HTML report. Default: in the reports folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Run past nights under promotion policies, with data from the lake, and compare the served loss.

    Writes a report. Changes no table, model or record. Exits with 1 if no policy served a single day.
    """
    from contender.backtesting import CADENCES, POLICIES, render_report

    installation = open_installation()
    spec = installation.catalog.model(model)
    nights = _parse_nights(first, last)
    usual = [name for name in POLICIES if spec.recovery is not None or name != "no-recovery"]
    policies = check_known("--policy", policy or usual, tuple(POLICIES))
    cadences = [c for c in CADENCES if c in check_known("--cadence", cadence or ["nightly"], CADENCES)]
    if cadences == ["oracle"]:
        raise UsageError("--cadence oracle: give another cadence, too, to compare it with")
    file = f"backtest-{model}-{nights.first}-{nights.last}.html"
    place = report_place("--report", report, installation.settings.reports, file)
    done: dict[CadenceName, int] = dict.fromkeys(cadences, 0)
    try:
        found = _run(installation, spec, nights, policies, done)
        write_report("--report", render_report(found), place)
    except KeyboardInterrupt:
        counts = ", ".join(f"{count} {each}" for each, count in done.items())
        typer.echo(f"Stopped; nights run, of {len(nights)}: {counts}. No report was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    _show(found, place, as_json=as_json)


def _show(found: Sequence[Backtest], place: str, *, as_json: bool) -> None:
    """Print the results, and end with 1 if nothing was served at all."""
    from contender.backtesting import advise_cadence

    if as_json:
        echo_json(found)
    else:
        echo_tables(_tabulate(found))
        if advice := advise_cadence(found):
            typer.echo(advice)
        _list_failures(found[0].failed)
    typer.echo(f"Report: {place}", err=as_json)
    if not any(result.served for each in found for result in each.results):
        typer.echo(
            f"Nothing was served in the nights {found[0].nights.key}: no version was promoted, or only in the last of "
            "them. Read in the report what blocked the versions, or give more nights.",
            err=True,
        )
        raise typer.Exit(CHECK_FAILED)


def _run(
    installation: Installation,
    model: ModelSpec,
    nights: Days,
    policies: Sequence[str],
    done: dict[CadenceName, int],
) -> list[Backtest]:
    """Run the nights at each cadence of `done`, and count finished nights in it."""
    from contender.backtesting import Fits, build_history, run_backtest_on

    history = build_history(installation, model, nights, lambda line: typer.echo(line, err=True))
    fits = Fits(installation.catalog, model, history)
    found = []
    with show_progress("nights") as progress:
        for each in done:
            task = progress.add_task(f"{model.name}, {each}", total=len(nights))

            def count_night(_: date, task: TaskID = task, each: CadenceName = each) -> None:
                progress.advance(task)
                done[each] += 1

            found.append(run_backtest_on(fits, nights, policies, each, count_night))
    return found


def _list_failures(failed: Sequence[str]) -> None:
    for line in failed[:SHOWN]:
        typer.echo(line)
    if len(failed) > SHOWN:
        typer.echo(f"{len(failed) - SHOWN} more nights or recipes failed; the report lists them.")


def _parse_nights(first: str, last: str) -> Days:
    from contender.specs import DaysError, resolve_days

    try:
        return resolve_days(None, {"first": first, "last": last})
    except DaysError as error:
        raise UsageError(f"--from {first} --to {last}: {error}") from None


def _tabulate(backtests: Sequence[Backtest]) -> Table:
    first = backtests[0]
    table = make_table(
        "cadence",
        "policy",
        "served loss",
        "days",
        "promotions",
        "fits",
        "CPU s of fits",
        title=f"{first.model}, nights {first.nights.first} to {first.nights.last}",
    )
    for backtest in backtests:
        for result in backtest.results:
            table.add_row(
                backtest.cadence,
                result.policy,
                "–" if result.mean_loss is None else f"{result.mean_loss:.5f}",
                str(len(result.served)),
                str(result.promotions),
                str(result.fits),
                f"{result.cpu_seconds:.0f}",
            )
    return table
