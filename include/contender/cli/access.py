"""`contender access`: who may do what, brought into Airflow, held against it, and written out for Postgres and S3."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from contender.cli.person import airflow_password, current_user
from contender.granting import (
    GrantError,
    apply_roles,
    find_differences,
    list_holders,
    render_postgres,
    render_s3,
    wanted_roles,
)
from contender.installation import open_installation
from contender.orchestrator import Airflow, ApiError, Roles
from contender.specs import ACCESS_FILE, ACTIONS, load_access

app = typer.Typer(
    help="Who may do what, by access.yaml: show it, bring it into Airflow, and hold Airflow against it.",
    no_args_is_help=True,
)


class Target(StrEnum):
    """What grants are written for."""

    postgres = "postgres"
    s3 = "s3"


@app.command(epilog="Example: contender access show")
def show() -> None:
    """Show each role and what it may do to what."""
    access = load_access(open_installation().catalog)
    table = Table("role", "may", "to", title="Access")
    for name, role in access.roles.items():
        for action in (action for action in ACTIONS if role.may.scopes(action)):
            table.add_row(
                name, action.replace("_", " "), ", ".join(role.may.scopes(action)).replace("_", " ")
            )
            name = ""
        table.add_section()
    Console().print(table)


@app.command(epilog='Example: contender access apply --reason "an approver for prices"')
def apply(
    reason: Annotated[str, typer.Option(help="Why; kept for good, with your name.")],
    by: Annotated[str, typer.Option(help="Who wants it.", default_factory=current_user)],
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for DAGs that Airflow has not read yet.")
    ] = 0,
) -> None:
    """Make Airflow's roles what access.yaml says. Harmless when they are; a step of every deployment.

    Roles are created, given what they lack, and what they have beyond it is taken away. Who holds which role is
    decided in Airflow, or by whatever people log in with.
    """
    installation = open_installation()
    here, catalog, book = installation.settings, installation.catalog, installation.book
    access = load_access(catalog)
    changed: list[str] = []

    def tell(line: str) -> None:
        typer.echo(line)
        if not line.startswith("Waiting"):
            changed.append(line)

    try:
        with Airflow(here.ui_url, airflow_password(), here.ui_user) as airflow:
            apply_roles(wanted_roles(access, catalog), Roles(airflow), tell, wait)
    finally:
        # What was changed before an error was changed all the same.
        if changed:
            detail: dict[str, object] = {"changed": list(changed)}
            book.acts.record("granted", ACCESS_FILE, here.ui_user, by, reason, detail)
    typer.echo("Airflow's roles are as access.yaml says." if changed else "Airflow's roles were so before.")


@app.command(
    epilog="Example: contender access check || mail -s 'roles have drifted' platform@company.example"
)
def check() -> None:
    """Hold Airflow's roles against access.yaml; a line for each difference, and exit code 1 when there is one."""
    installation = open_installation()
    here, catalog = installation.settings, installation.catalog
    access = load_access(catalog)
    with Airflow(here.ui_url, airflow_password(), here.ui_user) as airflow:
        roles = Roles(airflow)
        found = find_differences(access, wanted_roles(access, catalog), roles.read(), roles.users())
    for difference in found:
        typer.echo(difference.message, err=True)
    if found:
        raise typer.Exit(1)
    typer.echo(f"Airflow is as access.yaml says: {len(list_holders(access, catalog))} roles.")


@app.command(epilog="Example: contender access render postgres | psql --dbname contender")
def render(
    what: Annotated[Target, typer.Argument(help="postgres: SQL of roles and grants; s3: a bucket's policy.")],
    bucket: Annotated[str, typer.Option(help="s3: the bucket of the lake.")] = "",
    prefix: Annotated[str, typer.Option(help="s3: where in it the lake begins.")] = "",
    account: Annotated[str, typer.Option(help="s3: the AWS account of the roles, 12 digits.")] = "",
) -> None:
    """Write out what an administrator applies elsewhere: nothing is changed by this command."""
    catalog = open_installation().catalog
    access = load_access(catalog)
    if what is Target.postgres:
        typer.echo(render_postgres(access, catalog), nl=False)
        return
    if not bucket or not re.fullmatch(r"\d{12}", account):
        raise typer.BadParameter("give --bucket NAME and --account with its 12 digits")
    typer.echo(render_s3(access, catalog, bucket=bucket, prefix=prefix, account=account), nl=False)


ERRORS = (ApiError, GrantError)
