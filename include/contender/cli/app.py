"""The commands. Errors that a person can mend are one line on stderr and exit code 1."""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from contender.catalogue import read_catalogue, read_status
from contender.cli import access, audit, backfill, backtest, card, ledger, new, quarantine
from contender.cli.catalog import render_catalogue, render_entry
from contender.cli.erase import erase
from contender.cli.person import current_user
from contender.cli.replay import replay
from contender.cli.status import render_status
from contender.drafting import DraftError
from contender.installation import open_installation
from contender.lake import migrate_table
from contender.records import BookError, migrate
from contender.redaction import redact
from contender.settings import SettingsError
from contender.specs import CatalogError, check_behaviours, load_access

app = typer.Typer(
    name="contender",
    help="Nightly retraining: look at what the nights have made.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(new.app, name="new")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(access.app, name="access")
app.command(
    epilog='Example: contender backfill departures 2013-03-01..2013-03-07 --apply --reason "late corrections"'
)(backfill.backfill)
app.command(
    epilog="Example: contender backtest churn --from 2026-01-01 --to 2026-03-31 --policy ours --policy blind"
)(backtest.backtest)
app.command("ledger", epilog="Examples: contender ledger churn --json | contender ledger verify")(ledger.show)
app.command(epilog='Example: contender rollback churn --reason "refunds went up since Tuesday"')(
    ledger.rollback
)
app.command(epilog='Example: contender promote churn 12 --reason "fitted by hand on the new prices"')(
    ledger.promote
)
app.command(epilog='Example: contender resume churn --reason "the labels were mended"')(ledger.resume)
app.command(epilog="Examples: contender card churn | contender card churn 12 --html card.html")(card.card)
app.command(epilog="Examples: contender replay 3f09ab | contender replay churn 412 --json")(replay)
app.command(epilog="Examples: contender audit --about churn | contender audit --by ada --json")(audit.audit)
app.command(epilog='Example: contender erase tailnum=N14228 --reason "the owner asked for it"')(erase)


@app.command(epilog="Example: contender status --json | jq '.models[].champion'")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Show each dataset's last good day and verdict, each model's champion, its measures and last night."""
    found = read_status(open_installation())
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        Console().print(*render_status(found), sep="\n\n")


@app.command(
    "catalog",
    epilog="Examples: contender catalog | contender catalog labels.churn | contender catalog churn --json",
)
def show_catalogue(
    name: Annotated[
        str | None, typer.Argument(help="A table, `datasets.sales`, or a dataset's or model's name alone.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Show what each table holds: its schema, promises, freshness, gates, lineage and snapshots."""
    installation = open_installation()
    tables = None if name is None else installation.catalog.tables_called(name)
    found = read_catalogue(installation, now=datetime.now(UTC), tables=tables)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    elif tables is not None and len(tables) == 1:
        Console().print(render_entry(found.entries[0]))
    else:
        Console().print(render_catalogue(found))


@app.command("migrate", epilog="Example: CONTENDER_RECORDS=postgresql://... contender migrate")
def migrate_stores(
    by: Annotated[str, typer.Option(help="Who wants it.", default_factory=current_user)],
) -> None:
    """Create the stores, or bring them and the datasets' tables to this version's shape. Harmless when they are."""
    here = open_installation()
    changed = migrate(here.settings.records)
    if changed is not None:
        here.book.acts.record("migrated", "book of record", changed, by, "contender migrate")
    _ = here.registry  # created when it is opened
    for dataset in here.catalog.datasets.values():
        migrated = migrate_table(here.lake, here.book.acts, dataset.contract, here.settings.staging, by)
        if migrated is not None:
            typer.echo(migrated.summary())
    typer.echo(f"The stores below {here.settings.home} are ready.")


@app.command(epilog="Example: contender check && airflow dags list")
def check() -> None:
    """Check every contract and behaviour test in the catalog; each mistake is one line with file, field and fix."""
    catalog = open_installation().catalog
    if mistakes := check_behaviours(catalog):
        raise CatalogError(mistakes)
    roles = len(load_access(catalog).roles)
    typer.echo(
        f"{len(catalog.datasets)} datasets, {len(catalog.models)} models and {roles} roles, all in order."
    )


def main() -> None:
    """Run the command; what a person can mend is told in a line."""
    try:
        app()
    except (
        BookError,
        CatalogError,
        SettingsError,
        DraftError,
        *access.ERRORS,
        *backfill.ERRORS,
        *backtest.ERRORS,
        *card.ERRORS,
        *ledger.ERRORS,
        *quarantine.ERRORS,
    ) as error:
        print(redact(str(error)), file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except Exception:
        # A fault of the program: its whole trace helps who mends it, and may name what nobody should read.
        print(redact(traceback.format_exc()), file=sys.stderr)  # noqa: T201
        sys.exit(2)
