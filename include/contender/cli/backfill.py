"""`contender backfill`: plan the backfill of old days, and apply it with ordinary Airflow runs."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from contender.cli.exit_codes import UsageError
from contender.cli.person import PASSWORD, airflow_password, current_user
from contender.cli.terminal import echo_tables, make_table
from contender.installation import Installation, open_installation

if TYPE_CHECKING:
    from contender.backfilling import BackfillPlan, Step
    from contender.orchestrator import Airflow
    from contender.records import Book
    from contender.specs import Days


def backfill(
    dataset: Annotated[str, typer.Argument(help="The dataset with redelivered days.")],
    days: Annotated[str, typer.Argument(help="FIRST..LAST, or one day, as YYYY-MM-DD.")],
    by: Annotated[str, typer.Option(help="The person who decides.", default_factory=current_user)],
    apply: Annotated[
        bool, typer.Option("--apply/--plan", help="Start the runs, or only show the plan.")
    ] = False,
    reason: Annotated[
        str, typer.Option(help="Why; recorded permanently with your name. Required with --apply.")
    ] = "",
) -> None:
    """Publish old days again and rebuild the tables that depend on them.

    Replaces whole days of these tables, with ordinary Airflow runs. Marks versions that were trained on these days.

    Does not retrain, change served predictions or announce the days to other DAGs.

    After an interruption, repeat the same command to continue.
    """
    from contender.orchestrator import Airflow

    installation = open_installation()
    plan = _plan(installation, dataset, parse_range(days))
    if apply and not reason:
        raise UsageError("--reason is missing: give the reason, which is recorded with your name")
    here = installation.settings
    with Airflow(here.ui_url, airflow_password(here, needed=apply), here.ui_user) as airflow:
        _show_plan(plan, airflow if apply or PASSWORD in os.environ else None)
        if apply:
            _apply(plan, airflow, installation.book, by, reason)
        else:
            typer.echo("No run was started. Repeat the command with --apply to start the runs.")


def parse_range(text: str) -> Days:
    """Parse days written as `FIRST..LAST` or as one day. Raises DaysError."""
    from contender.specs import resolve_days

    first, dots, last = text.partition("..")
    return resolve_days(None, {"first": first, "last": last} if dots else {"day": first})


def _plan(installation: Installation, dataset: str, days: Days) -> BackfillPlan:
    from contender.backfilling import plan_backfill

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


def _show_plan(plan: BackfillPlan, airflow: Airflow | None) -> None:
    from contender.backfilling import estimate

    columns = ("DAG", "days", "count", "duration", "why")
    table = make_table(*columns, prose=["why"], title=f"Backfill of {plan.dataset} {plan.days.key}")
    for step in plan.steps:
        seconds = None if airflow is None else estimate(step, airflow.runs(step.dag))
        duration = "unknown" if seconds is None else f"{seconds / 60:.1f} min"
        table.add_row(step.dag, step.days.key, str(len(step.days)), duration, step.why)
    echo_tables(table)
    if airflow is None:
        typer.echo(f"Set {PASSWORD} to estimate durations from earlier runs.")
    for version in plan.outdated:
        typer.echo(
            f"{version.model} version {version.version} was trained on these days: it gets a caveat and is not "
            "retrained."
        )
    for served in plan.served:
        typer.echo(f"{served} is not changed.")


def _apply(plan: BackfillPlan, airflow: Airflow, book: Book, by: str, reason: str) -> None:
    from contender.backfilling import apply_backfill, is_done
    from contender.specs import dag_id

    act = book.acts.newest_of("backfilled", plan.dataset, plan.days.key)
    if act is None or is_done(plan, act.id, airflow):
        detail: dict[str, object] = {"steps": [f"{step.dag} {step.days.key}" for step in plan.steps]}
        act = book.acts.record("backfilled", plan.dataset, plan.days.key, by, reason, detail)
    else:
        typer.echo(f"Continuing the backfill that {act.by} started on {act.at:%Y-%m-%d %H:%M}.")
    apply_backfill(plan, act.id, airflow, _report)
    typer.echo(
        f"Done. To train on the corrected days now, start {dag_id('retrain', '…')} for the newest night."
    )


def _report(step: Step, days: Days, what: str) -> None:
    typer.echo(f"{datetime.now(UTC):%H:%M:%S}  {step.dag} {days.key}: {what}")
