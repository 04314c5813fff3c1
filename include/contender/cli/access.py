"""`contender access`: show roles, apply them to Airflow, compare them, and render grants for Postgres and S3."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer

from contender.cli.exit_codes import CHECK_FAILED, UsageError
from contender.cli.person import airflow_password, current_user
from contender.cli.terminal import echo_tables, make_table
from contender.installation import open_installation

app = typer.Typer(
    help="Show the roles of access.yaml, apply them to Airflow, compare, or render them as grants.",
    epilog="Example: contender access show",
    no_args_is_help=True,
)


class Target(StrEnum):
    """The system for which grants are rendered."""

    postgres = "postgres"
    s3 = "s3"


@app.command(epilog="Example: contender access show")
def show() -> None:
    """Show each role's rights, from access.yaml. Changes nothing."""
    from contender.specs import ACTIONS, load_access

    access = load_access(open_installation().catalog)
    table = make_table("role", "may", "to", prose=["to"], title="Access")
    for name, role in access.roles.items():
        for action in (action for action in ACTIONS if role.may.scopes(action)):
            table.add_row(
                name, action.replace("_", " "), ", ".join(role.may.scopes(action)).replace("_", " ")
            )
        table.add_section()
    echo_tables(table)


@app.command(epilog='Example: contender access apply --reason "an approver for prices"')
def apply(
    reason: Annotated[str, typer.Option(help="Why; recorded permanently with your name.")],
    by: Annotated[str, typer.Option(help="The person who applies them.", default_factory=current_user)],
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for DAGs that Airflow has not parsed yet.")
    ] = 0,
) -> None:
    """Apply the roles of access.yaml to Airflow. Run it in every deployment; a second run changes nothing.

    Creates missing roles, grants missing rights and revokes all other rights of these roles.

    Does not change which users have which role: that is managed in Airflow or in the identity provider.
    """
    from contender.granting import apply_roles, wanted_roles
    from contender.orchestrator import Airflow, Roles
    from contender.specs import ACCESS_FILE, load_access

    installation = open_installation()
    here, catalog, book = installation.settings, installation.catalog, installation.book
    access = load_access(catalog)
    changed: list[str] = []

    def report(line: str) -> None:
        typer.echo(line)
        if not line.startswith("Waiting"):
            changed.append(line)

    try:
        with Airflow(here.ui_url, airflow_password(here), here.ui_user) as airflow:
            apply_roles(wanted_roles(access, catalog), Roles(airflow), report, wait)
    finally:
        # Record also the changes made before an error.
        if changed:
            detail: dict[str, object] = {"changed": list(changed)}
            book.acts.record("granted", ACCESS_FILE, here.ui_user, by, reason, detail)
    typer.echo(
        "Airflow's roles now match access.yaml."
        if changed
        else "Airflow's roles already matched access.yaml."
    )


@app.command(
    epilog="Example: contender access check || mail -s 'roles have drifted' platform@company.example"
)
def check() -> None:
    """Compare Airflow's roles with access.yaml: one line per difference, and exit code 1 if there are any.

    Changes nothing.
    """
    from contender.granting import compare_roles, list_holders
    from contender.orchestrator import Airflow
    from contender.specs import load_access

    installation = open_installation()
    here, catalog = installation.settings, installation.catalog
    access = load_access(catalog)
    with Airflow(here.ui_url, airflow_password(here), here.ui_user) as airflow:
        differences = compare_roles(access, catalog, airflow)
    for difference in differences:
        typer.echo(difference.message, err=True)
    if differences:
        raise typer.Exit(CHECK_FAILED)
    typer.echo(f"Airflow's {len(list_holders(access, catalog))} roles match access.yaml.")


@app.command(epilog="Example: contender access render postgres | psql --dbname contender")
def render(
    what: Annotated[Target, typer.Argument(help="postgres: SQL of roles and grants; s3: a bucket policy.")],
    bucket: Annotated[str, typer.Option(help="s3: the bucket of the lake.")] = "",
    prefix: Annotated[str, typer.Option(help="s3: the prefix of the lake in the bucket.")] = "",
    account: Annotated[str, typer.Option(help="s3: the AWS account ID of the roles, 12 digits.")] = "",
) -> None:
    """Print the grants for Postgres or S3, which an administrator applies there. Changes nothing."""
    from contender.granting import render_postgres, render_s3
    from contender.specs import load_access

    catalog = open_installation().catalog
    access = load_access(catalog)
    if what is Target.postgres:
        typer.echo(render_postgres(access, catalog), nl=False)
        return
    if not bucket or not re.fullmatch(r"\d{12}", account):
        raise UsageError(
            "s3: the bucket or the account is missing: give --bucket NAME and --account with 12 digits"
        )
    typer.echo(render_s3(access, catalog, bucket=bucket, prefix=prefix, account=account), nl=False)


@app.command(epilog="Example: contender access key pricing --role business_reader --model churn")
def key(
    name: Annotated[str, typer.Argument(help="Name of the key: who will use it.")],
    role: Annotated[str, typer.Option(help="Role in access.yaml that may predict.")],
    owner: Annotated[str, typer.Option(help="Owner of the models, for a role with `own_models`.")] = "",
    model: Annotated[list[str] | None, typer.Option(help="Limit the key to this model; repeatable.")] = None,
) -> None:
    """Create an API key for `contender serve`, and print it once with its entry for access.yaml. Changes nothing.

    Only the entry, with the key's SHA-256, is stored: add it to the file under `keys`. Remove it to revoke the key.
    """
    from contender.serving.keys import check_key, make_key, render_key
    from contender.specs import ACCESS_FILE, ApiKey, load_access

    catalog = open_installation().catalog
    made = make_key()
    given = ApiKey(role=role, sha256=made.sha256, owner=owner or None, models=tuple(model) if model else None)
    if mistakes := check_key(load_access(catalog), catalog, name, given):
        raise UsageError("\n".join(mistakes))
    typer.echo(f"Key, which is not shown again: {made.secret}")
    typer.echo(f"Entry of `keys` in {ACCESS_FILE}:")
    typer.echo(render_key(name, given))
