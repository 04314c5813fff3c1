"""`contender cost`: what models cost a night, what their predictions return, and whether they pay."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from contender.cli.terminal import NO_MODEL, echo_json, echo_tables, make_table
from contender.installation import open_installation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contender.accounting import Account


def cost(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Models of the catalog. Default: all.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First night. Default: 90 days before the newest."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show what models cost a night and what their predictions return, by the prices of the settings.

    Tasks record their CPU time and memory when they end. Returns need `value` in a model's spec.py, what predictions
    are worth; they are compared with the baseline's, on days with known outcomes. Changes nothing.
    """
    from contender.accounting import read_account

    here = open_installation()
    chosen = [here.catalog.model(name) for name in models or here.catalog.models]
    asked = None if since is None else since.replace(tzinfo=UTC).date()
    accounts = [read_account(here, model, asked) for model in chosen]
    if as_json:
        echo_json(accounts)
    elif not accounts:
        typer.echo(NO_MODEL)
    elif models:
        for number, one in enumerate(accounts):
            _echo(one, first=number == 0)
    else:
        echo_tables(_compare(accounts))


def _echo(account: Account, *, first: bool) -> None:
    from contender.accounting import describe

    if not first:
        typer.echo()
    for line in describe(account):
        typer.echo(line)
    if account.steps:
        echo_tables("", _tabulate(account))


def _tabulate(account: Account) -> Table:
    from contender.accounting import money

    table = make_table("tasks of", "CPU seconds", "seconds", "memory", "a night")
    for step in account.steps:
        table.add_row(
            step.verb,
            f"{step.cpu_seconds:,.1f}",
            f"{step.wall_seconds:,.1f}",
            f"{step.peak_bytes / 1e9:.2f} GB",
            money(step.cost, account.currency),
        )
    table.add_row("storage", "–", "–", "–", money(account.storage, account.currency))
    return table


def _compare(accounts: Sequence[Account]) -> Table:
    from contender.accounting import money

    table = make_table("model", "nights", "cost a night", "days", "return a day", "95 % interval", "verdict")
    for one in accounts:
        interval = one.gain_interval
        table.add_row(
            one.model,
            str(one.nights),
            "–" if one.cost is None else money(one.cost, one.currency),
            str(one.days),
            "–" if one.gain is None else money(one.gain, one.currency),
            "–"
            if interval is None
            else f"{money(interval.low, one.currency)} to {money(interval.high, one.currency)}",
            one.finding,
        )
    return table
