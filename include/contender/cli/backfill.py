"""`contender backfill`: what a correction of old days touches, shown, and then done by ordinary Airflow runs."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from contender.backfilling import (
    BackfillPlan,
    Step,
    apply_backfill,
    estimate,
    is_done,
    plan_backfill,
)
from contender.cli.exit_codes import UsageError
from contender.cli.person import PASSWORD, airflow_password, current_user
from contender.lake import open_lake
from contender.orchestrator import Airflow
from contender.records import Act, Book, act_id, open_book
from contender.settings import settings
from contender.specs import Days, load_catalog, resolve_days


def backfill(
    dataset: Annotated[str, typer.Argument(help="The dataset whose old days were delivered again.")],
    days: Annotated[str, typer.Argument(help="FIRST..LAST, or one day, as YYYY-MM-DD.")],
    by: Annotated[str, typer.Option(help="Who decides.", default_factory=current_user)],
    apply: Annotated[
        bool, typer.Option("--apply/--plan", help="Do it, or only show what would be done.")
    ] = False,
    reason: Annotated[
        str, typer.Option(help="Why; kept for good, with your name. Needed with --apply.")
    ] = "",
) -> None:
    """Publish old days again, and build again what depends on them.

    Nothing is retrained, no served prediction changes and nobody is told as of a new day. Given again after
    an interruption, the command goes on where it stopped.
    """
    here = settings()
    catalog, lake, book = load_catalog(here.catalog_home), open_lake(here), open_book(here.records)
    tables = [dataset.contract for dataset in catalog.datasets.values()]
    tables += [model.feature_contract for model in catalog.models.values()]
    plan = plan_backfill(
        catalog,
        dataset,
        parse_range(days),
        {contract.table: lake.days(contract.table) for contract in tables if contract.daily},
        [e.challenger for name in catalog.models for e in book.evaluations.newest(name, limit=1000)],
    )
    if apply and not reason:
        raise UsageError("say why, with --reason: it is kept with your name")
    with Airflow(here.ui_url, airflow_password(needed=apply), here.ui_user) as airflow:
        _show(plan, airflow if apply or PASSWORD in os.environ else None)
        if apply:
            _do(plan, airflow, book, by, reason)
        else:
            typer.echo("Nothing was started: --apply does it.")


def parse_range(text: str) -> Days:
    """The days written as `FIRST..LAST` or as one day. Raises DaysError."""
    first, dots, last = text.partition("..")
    return resolve_days(None, {"first": first, "last": last} if dots else {"day": first})


def _show(plan: BackfillPlan, airflow: Airflow | None) -> None:
    table = Table(
        "run of", "days", "count", "about", "why", title=f"Backfill of {plan.dataset} {plan.days.key}"
    )
    for step in plan.steps:
        seconds = None if airflow is None else estimate(step, airflow.runs(step.dag))
        about = "unknown" if seconds is None else f"{seconds / 60:.1f} min"
        table.add_row(step.dag, step.days.key, str(step.days.count), about, step.why)
    Console().print(table)
    if airflow is None:
        typer.echo(f"Set {PASSWORD} to have the time estimated from earlier runs.")
    for version in plan.outdated:
        typer.echo(
            f"{version.model} version {version.version} was fitted on these days: it will be marked as trained "
            "on superseded data, and serve on."
        )
    for served in plan.served:
        typer.echo(f"{served} stays as it was served.")


def _do(plan: BackfillPlan, airflow: Airflow, book: Book, by: str, reason: str) -> None:
    begun = [a for a in book.acts.newest(plan.dataset) if a.kind == "backfilled" and a.key == plan.days.key]
    name = begun[0].id if begun and not is_done(plan, begun[0].id, airflow) else None
    if name is None:
        now = datetime.now(UTC)
        name = act_id("backfilled", plan.dataset, plan.days.key, now)
        book.acts.add(
            Act(
                id=name,
                kind="backfilled",
                about=plan.dataset,
                key=plan.days.key,
                by=by,
                reason=reason,
                at=now,
                detail={"steps": [f"{step.dag} {step.days.key}" for step in plan.steps]},
            )
        )
    else:
        typer.echo(f"Going on with the backfill that {begun[0].by} began on {begun[0].at:%Y-%m-%d %H:%M}.")
    apply_backfill(plan, name, airflow, _tell)
    typer.echo("Done. To use the corrected days at once, start retrain__… for the newest night.")


def _tell(step: Step, days: Days, what: str) -> None:
    typer.echo(f"{datetime.now(UTC):%H:%M:%S}  {step.dag} {days.key}: {what}")
