"""`contender drill`: what would become of a model if the world or a feed changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from contender.cli.exit_codes import CHECK_FAILED, INTERRUPTED, UsageError
from contender.cli.reports import check_known, report_place, show_progress, write_report
from contender.cli.terminal import echo_json, echo_tables, make_table
from contender.installation import Installation, open_installation

if TYPE_CHECKING:
    from contender.drilling import DrillResult, Plan
    from contender.specs import ModelSpec

SHOWN = 20

Name = Annotated[str | None, typer.Argument(help="A drill; --list shows all.")]
Model = Annotated[str | None, typer.Argument(help="A model of the catalog.")]
Listed = Annotated[bool, typer.Option("--list", help="List the drills.")]
Start = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="First changed day, YYYY-MM-DD. Default: so that the newest day with outcomes is the last.",
    ),
]
Nights = Annotated[int, typer.Option(min=1, max=366, help="Number of nights.")]
Strength = Annotated[
    float | None, typer.Option(help="How strong the change is; --list shows unit and default.")
]
ColumnName = Annotated[
    str | None, typer.Option(help="The changed column. Default: the first one that the drill can change.")
]
Html = Annotated[Path | None, typer.Option(help="The HTML report. Default: in the reports folder.")]
Plot = Annotated[Path | None, typer.Option(help="Write the chart as SVG, too.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def drill(
    name: Name = None,
    model: Model = None,
    listed: Listed = False,
    start: Start = None,
    nights: Nights = 56,
    strength: Strength = None,
    column: ColumnName = None,
    html: Html = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Show what would happen to a model if the world or a feed changed: verdicts, mails and served loss.

    Changes real rows from a day on, in memory, and runs the nights on them as the DAGs do: fits, evaluation, guards,
    decisions and monitoring. No gate checks the changed rows. The served loss is compared with three strategies:
    `oracle` (the best of a few training windows, chosen in hindsight), `static` (the version before the drill) and
    `blind nightly` (every refresh serves).

    Needs the history of the nights and of eight weeks before. A recipe that takes 3 seconds to fit takes about 10
    minutes: it is fitted about 90 times, and the first one twice a night on short windows, too.

    Writes a report. Changes no table, model or record. Exits with 1 if the right verdict never came, or, for `seasonal`
    and `late-labels`, if a verdict was mailed.
    """
    from contender.drilling import DRILLS, plan_drill

    if listed:
        echo_tables(_list_drills())
        return
    if name is None or model is None:
        raise UsageError(
            "give a drill and a model, such as `contender drill pandemic churn`; --list shows the drills"
        )
    installation = open_installation()
    spec = installation.catalog.model(model)
    check_known("drill", [name], tuple(DRILLS))
    first = _first_day(installation, spec, start, nights)
    plan = plan_drill(spec, name, first, strength, column)._replace(nights=nights)
    _drill(installation, spec, plan, (html, plot), as_json=as_json)


def _drill(
    installation: Installation,
    model: ModelSpec,
    plan: Plan,
    places: tuple[Path | None, Path | None],
    *,
    as_json: bool,
) -> None:
    """Run a drill, and write its report and, if wanted, its chart, to these places."""
    from contender.drilling import draw_drill, render_drill

    html, plot = places
    file = f"drill-{plan.drill}-{model.name}-{plan.start}.html"
    place = report_place("--html", html, installation.settings.reports, file)
    chart = None if plot is None else report_place("--plot", plot, "", file.replace(".html", ".svg"))
    result = _run(installation, model, plan)
    write_report("--html", render_drill(result), place)
    if chart is not None:
        write_report("--plot", draw_drill(result), chart)
    _show(result, place, as_json=as_json)


def _first_day(installation: Installation, model: ModelSpec, start: str | None, nights: int) -> date:
    """Return the given start, or else the one with which the newest day with outcomes is the last."""
    from contender.specs import Days, DaysError

    if start is not None:
        try:
            return Days.one(start).first
        except DaysError as error:
            raise UsageError(f"--from {start}: {error}") from None
    known = installation.lake.days(model.label_contract.table)
    if not known:
        raise UsageError(
            f"{model.name}: the lake has no outcomes yet: give the first changed day with --from DAY, or load the "
            f"model with `contender load {model.name} FIRST..LAST`"
        )
    return max(known) - timedelta(days=nights - 1)


def _run(installation: Installation, model: ModelSpec, plan: Plan) -> DrillResult:
    from contender.backtesting import Fits, build_history
    from contender.drilling import count_steps, run_drill

    total, done = count_steps(model, plan), 0
    try:
        nights = plan.all_nights(model)
        history = build_history(installation, model, nights, lambda line: typer.echo(line, err=True))
        with show_progress("nights") as progress:
            task = progress.add_task(f"{model.name}, {plan.drill}", total=total)

            def count_night(_: date) -> None:
                nonlocal done
                progress.advance(task)
                done += 1

            return run_drill(Fits(installation.catalog, model, history), plan, count_night)
    except KeyboardInterrupt:
        typer.echo(f"Stopped after {done} of {total} nights. No report was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _show(result: DrillResult, place: str, *, as_json: bool) -> None:
    """Print the result, and end with 1 if the right verdict did not come."""
    from contender.drilling import describe_finding

    if as_json:
        echo_json(result)
    else:
        echo_tables(_tabulate(result))
        typer.echo(f"Verdict {describe_finding(result)}.")
        typer.echo(
            f"Refreshes held: {result.held} of {len(result.nights)} nights. Mails: {len(result.mails)}."
        )
        for mail in result.mails[:SHOWN]:
            typer.echo(f"  {mail.night} {mail.subject}")
        if len(result.mails) > SHOWN:
            typer.echo(f"  and {len(result.mails) - SHOWN} more; the report lists them")
    typer.echo(f"Report: {place}", err=as_json)
    if not result.found:
        raise typer.Exit(CHECK_FAILED)


def _tabulate(result: DrillResult) -> Table:
    from contender.backtesting import compare_served

    ours = result.served["ours"]
    title = f"{result.model}: {result.summary}, from {result.start} on, strength {result.strength:g}"
    table = make_table("strategy", "served loss", "minus ours", "95 % interval", "days", title=title)
    for name, served in result.served.items():
        mean, against = result.mean_loss(name), compare_served(served, ours)
        interval = None if against is None else against.interval
        table.add_row(
            f"oracle, {result.oracle_window} days" if name == "oracle" else name,
            "–" if mean is None else f"{mean:.5f}",
            "–" if against is None or name == "ours" else f"{against.mean:+.5f}",
            "–" if interval is None or name == "ours" else f"{interval.low:+.5f} to {interval.high:+.5f}",
            str(len(served)),
        )
    return table


def _list_drills() -> Table:
    from contender.drilling import DRILLS

    table = make_table(
        "drill", "what changes", "right verdict", "strength", "unit", prose=("what changes", "unit")
    )
    for name, one in DRILLS.items():
        right = "no mail" if one.verdict == "stable" else one.verdict
        numbers = "" if one.of_numbers is None else f"; {one.of_numbers:g} for numbers"
        table.add_row(name, one.summary, right, f"{one.strength:g}{numbers}", one.unit)
    return table
