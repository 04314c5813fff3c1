"""`contender load`: load the history of a dataset, or of a model with its first version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from contender.cli.backfill import parse_range
from contender.cli.exit_codes import CHECK_FAILED
from contender.cli.person import airflow_password
from contender.cli.quarantine import list_problems
from contender.installation import Installation, open_installation

if TYPE_CHECKING:
    from contender.loading import Failure, LoadPlan


def load(
    name: Annotated[str, typer.Argument(help="The dataset, or the model with all datasets that it reads.")],
    days: Annotated[str, typer.Argument(help="FIRST..LAST, or one day of a dataset, as YYYY-MM-DD.")],
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Build features and train again, after a change of the model."),
    ] = False,
) -> None:
    """Load history from the landing zone with Airflow runs, as ranges of up to 31 days.

    For a model, load its datasets, then build its features, train its first version and score the next day.

    A range starts no downstream runs. A single day, if it is the newest, starts its night as on schedule, and the
    command waits for the night.

    Days that were loaded before are skipped. After an interruption or a failed gate, repeat the same command.
    """
    from contender.loading import load_history, plan_load
    from contender.orchestrator import Airflow

    here = open_installation()
    plan, site = plan_load(here.catalog, name, parse_range(days)), here.settings
    with Airflow(site.ui_url, airflow_password(site), site.ui_user) as airflow:
        failures = load_history(plan, here, airflow, _report, rebuild=rebuild)
    for failure in failures:
        _show_failure(failure, site.ui_url)
    if failures:
        typer.echo(
            "Correct the files or the contract, and run the same command again: it continues from here."
        )
        raise typer.Exit(CHECK_FAILED)
    _show_result(plan, here)


def _show_failure(failure: Failure, ui_url: str) -> None:
    from contender.records import quarantine_id

    gate, step = failure.gate, failure.step
    typer.echo(f"\n{gate.table} {gate.days.key}: the gate failed, and {gate.rows:,} rows are in quarantine.")
    for problem in list_problems(gate):
        typer.echo(f"- {problem}")
    broken = [result for result in gate.failed if result.verdict == "fail"]
    if days := sorted({key["day"] for result in broken for key in result.failing_keys if "day" in key}):
        typer.echo(f"Days with failing rows: {', '.join(days)}")
    typer.echo(f"Details: contender quarantine show {quarantine_id(gate.fingerprint)}")
    typer.echo(f"         {ui_url}/dags/{step.dag}/runs/{failure.run_id}")


def _show_result(plan: LoadPlan, here: Installation) -> None:
    """Report what is loaded. Exit with 1 if a model has no champion."""
    from contender.status import describe_next_step, read_status

    status = read_status(here)
    if plan.model is None:
        typer.echo(f"{plan.name} is loaded.")
    else:
        found = next(model for model in status.models if model.name == plan.model)
        if found.champion is None:
            typer.echo(
                f"{plan.name} has no champion: see `contender ledger {plan.name} --why`. "
                f"After a change of the model, run the same command with --rebuild."
            )
            raise typer.Exit(CHECK_FAILED)
        loss = "" if found.measures is None else f", loss {found.measures.loss:.4f}"
        typer.echo(
            f"{plan.name}: version {found.champion} serves{loss}. Last scored day: {found.last_scored_day}."
        )
    typer.echo(f"Next: {describe_next_step(status)}")


def _report(line: str) -> None:
    typer.echo(f"{datetime.now(UTC):%H:%M:%S}  {line}")
