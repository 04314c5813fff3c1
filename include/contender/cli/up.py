"""`contender up` and `contender down`: run an embedded Airflow for this catalog on this machine, in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from contender.cli.migrate import migrate_stores
from contender.cli.person import current_user
from contender.installation import Installation, open_installation

if TYPE_CHECKING:
    from contender.embedded_airflow import State


def up() -> None:
    """Start Airflow for this catalog on this machine, in the background, and wait until it is healthy.

    Needs no containers. Creates or migrates the stores first. Nightly runs start on the next morning.

    The same command shows the address and login of an Airflow that already runs.
    """
    from contender.embedded_airflow import read_state, start

    here = open_installation()
    _ = here.catalog  # a mistake in the catalog is reported before anything starts
    state = read_state(here.settings.home)
    if state.running:
        typer.echo(f"Airflow already runs in {here.settings.home}, process {state.pid}.")
    else:
        migrate_stores(here, current_user(), typer.echo)
        state = start(here.settings, typer.echo)
    _show_running(here, state)


def down() -> None:
    """Stop the Airflow that `contender up` started for this installation, and no other.

    Running tasks have half a minute to end. Changes no table and no record; missed nights run after the next start.
    """
    from contender.embedded_airflow import stop

    here = open_installation().settings
    stopped = stop(here, typer.echo)
    typer.echo(f"Airflow in {here.home} is stopped." if stopped else f"No Airflow runs in {here.home}.")


def _show_running(here: Installation, state: State) -> None:
    from contender.embedded_airflow import USER, first_scheduled_day, mail_folder, read_password
    from contender.status import describe_next_step, read_status

    home = here.settings.home
    lines = {
        "Airflow": f"{state.url or 'still starting'}, user {USER}, password {read_password(home)}",
        "Catalog": f"{here.settings.catalog_home} ({_count(here)})",
        "Landing zone": here.settings.landing,
        "Mails": mail_folder(here.settings) or "sent through the SMTP server of AIRFLOW_CONN_SMTP_DEFAULT",
        "Logs": home / "logs",
        "Nightly runs": f"from the day {first_scheduled_day(here.settings)}, on the morning after each day",
    }
    for name, value in lines.items():
        typer.echo(f"{name + ':':<14}{value}")
    typer.echo(f"Next: {describe_next_step(read_status(here))}")
    typer.echo("Stop it with `contender down`.")


def _count(here: Installation) -> str:
    return f"{len(here.catalog.datasets)} datasets, {len(here.catalog.models)} models"
