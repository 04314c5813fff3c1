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
from contender.installation import Installation, open_installation
from contender.orchestrator import Airflow
from contender.records import Book
from contender.specs import Days, dag_id, resolve_days


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
    installation = open_installation()
    plan = _plan(installation, dataset, parse_range(days))
    if apply and not reason:
        raise UsageError("say why, with --reason: it is kept with your name")
    here = installation.settings
    with Airflow(here.ui_url, airflow_password(needed=apply), here.ui_user) as airflow:
        _show(plan, airflow if apply or PASSWORD in os.environ else None)
        if apply:
            _do(plan, airflow, installation.book, by, reason)
        else:
            typer.echo("Nothing was started: --apply does it.")


def parse_range(text: str) -> Days:
    """The days written as `FIRST..LAST` or as one day. Raises DaysError."""
    first, dots, last = text.partition("..")
    return resolve_days(None, {"first": first, "last": last} if dots else {"day": first})


def _plan(installation: Installation, dataset: str, days: Days) -> BackfillPlan:
    catalog, lake, book = installation.catalog, installation.lake, installation.book
    tables = [dataset.contract for dataset in catalog.datasets.values()]
    tables += [model.feature_contract for model in catalog.models.values()]
    return plan_backfill(
        catalog,
        dataset,
        days,
        {contract.table: lake.days(contract.table) for contract in tables if contract.daily},
        [e.challenger for name in catalog.models for e in book.evaluations.newest(name, limit=1000)],
    )


def _show(plan: BackfillPlan, airflow: Airflow | None) -> None:
    table = Table(
        "run of", "days", "count", "about", "why", title=f"Backfill of {plan.dataset} {plan.days.key}"
    )
    for step in plan.steps:
        seconds = None if airflow is None else estimate(step, airflow.runs(step.dag))
        about = "unknown" if seconds is None else f"{seconds / 60:.1f} min"
        table.add_row(step.dag, step.days.key, str(len(step.days)), about, step.why)
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
    act = book.acts.newest_of("backfilled", plan.dataset, plan.days.key)
    if act is None or is_done(plan, act.id, airflow):
        detail: dict[str, object] = {"steps": [f"{step.dag} {step.days.key}" for step in plan.steps]}
        act = book.acts.record("backfilled", plan.dataset, plan.days.key, by, reason, detail)
    else:
        typer.echo(f"Going on with the backfill that {act.by} began on {act.at:%Y-%m-%d %H:%M}.")
    apply_backfill(plan, act.id, airflow, _tell)
    typer.echo(
        f"Done. To use the corrected days at once, start {dag_id('retrain', '…')} for the newest night."
    )


def _tell(step: Step, days: Days, what: str) -> None:
    typer.echo(f"{datetime.now(UTC):%H:%M:%S}  {step.dag} {days.key}: {what}")
