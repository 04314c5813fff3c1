"""`contender plan`: what the next night of each model would do, before it is done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from contender.cli.terminal import NO_MODEL, echo_json, echo_tables, make_table
from contender.installation import open_installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contender.planning import NightPlan
    from contender.planning.plan import PlannedFit, PlannedScoring


def plan(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Models of the catalog. Default: all.")
    ] = None,
    night: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Another night than each model's next one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show what the next night of each model would do: deliveries, features, fits, scoring, and expected durations.

    Compares recipes, features.py and spec.py with those of the newest versions. Durations are medians of the newest
    comparable nights. Changes nothing.
    """
    from contender.planning import read_plan
    from contender.specs import Days

    here = open_installation()
    asked = None if night is None else Days.one(night).first
    chosen = [here.catalog.model(name) for name in models or here.catalog.models]
    plans = [read_plan(here, model, datetime.now(UTC), asked) for model in chosen]
    if as_json:
        echo_json(plans)
    elif not plans:
        typer.echo(NO_MODEL)
    for number, one in enumerate(() if as_json else plans):
        echo_tables(*([""] if number else []), *_render(one))


def _render(plan: NightPlan) -> Iterator[Table | str]:
    if plan.night is None:
        yield f"{plan.model}: {'; '.join(plan.notes)}"
        return
    yield f"{plan.model}, night {plan.night}"
    inputs = make_table("input", "day", "state", "expected (UTC)")
    for one in plan.inputs:
        at = "–" if one.expected_at is None else f"{one.expected_at:%Y-%m-%d %H:%M}"
        inputs.add_row(one.table, one.day.key, one.state, at)
    yield ""
    yield inputs
    yield ""
    yield _tabulate_steps(plan)
    yield ""
    yield _tabulate_costs(plan)
    if lines := list(_list_notes(plan)):
        yield ""
        yield "\n".join(lines)


def _tabulate_steps(plan: NightPlan) -> Table:
    table = make_table("step", "what", "days", "rows", "state")
    if build := plan.build:
        what = f"on {build.engine}, from {build.input_rows:,} input rows"
        table.add_row("features", what, str(build.features_day), "–", _exists(build.features_exist))
        table.add_row("labels", what, str(build.labels_day), "–", _exists(build.labels_exist))
    for fit in plan.fits:
        table.add_row("train", f"{fit.recipe} ({fit.role})", fit.window.key, _rows(fit.rows), _describe(fit))
    if plan.verdict is not None and not plan.verdict.due:
        table.add_row("train", "no fit is due", "–", "–", "skipped")
    if scoring := plan.scoring:
        _add_scoring(table, scoring, len(plan.fits))
    return table


def _add_scoring(table: Table, scoring: PlannedScoring, fits: int) -> None:
    if fits:
        table.add_row(
            "evaluate", f"{fits} version{'' if fits == 1 else 's'}", scoring.evaluated.key, "–", "–"
        )
    if scoring.paired is not None:
        table.add_row("pair", "shadow predictions with outcomes", scoring.paired.key, "–", "–")
    champion = "–" if scoring.version is None else f"version {scoring.version}"
    state = "skipped: no champion yet" if scoring.version is None else "the champion now"
    table.add_row("score", champion, str(scoring.day), _rows(scoring.rows), state)
    table.add_row("shadow", f"{scoring.streams} streams", str(scoring.day), _rows(scoring.rows), "–")


def _tabulate_costs(plan: NightPlan) -> Table:
    table = make_table("step", "expected", "from")
    for cost in plan.costs:
        expected = "unknown" if cost.seconds is None else f"{cost.seconds:,.0f} s"
        past = (
            f"{cost.nights} nights, {cost.first} to {cost.last}" if cost.nights > 1 else f"night {cost.first}"
        )
        table.add_row(cost.step, expected, past if cost.nights else "no comparable night is recorded")
    return table


def _list_notes(plan: NightPlan) -> Iterator[str]:
    for fit in plan.fits:
        if fit.change.state == "edited":
            yield f"{fit.recipe} was edited since version {fit.previous}: {'; '.join(fit.change.differences)}"
    for name in plan.withdrawn:
        yield f"{name} was withdrawn: it was fitted in the newest night, and spec.py no longer declares it"
    if plan.contract_changes:
        yield f"spec.py differs from the newest version's in: {', '.join(plan.contract_changes)}"
    yield from plan.notes


def _describe(fit: PlannedFit) -> str:
    if fit.reused is not None:
        return f"version {fit.reused} is reused"
    return fit.change.state if fit.previous is None else f"{fit.change.state} since version {fit.previous}"


def _exists(built: bool) -> str:
    return "exist" if built else "not built yet"


def _rows(rows: int | None) -> str:
    return "–" if rows is None else f"about {rows:,}"
