"""The command line's commands. `exit_codes` maps errors to exit codes."""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime
from typing import Annotated

import typer

from contender.cli import access, audit, backfill, backtest, card, incidents, ledger, new, quarantine
from contender.cli.backup import backup, restore
from contender.cli.catalog import render_catalogue, render_entry
from contender.cli.check import check
from contender.cli.cost import cost
from contender.cli.drill import drill
from contender.cli.erase import erase
from contender.cli.exit_codes import CANNOT_COMPLETE, find_exit_code
from contender.cli.feasibility import feasibility
from contender.cli.load import load
from contender.cli.migrate import migrate_stores
from contender.cli.monitor import monitor
from contender.cli.person import current_user
from contender.cli.plan import plan
from contender.cli.replay import replay
from contender.cli.requests import requests
from contender.cli.score import score
from contender.cli.serve import serve
from contender.cli.status import render_status
from contender.cli.terminal import accept_every_character, echo_json, echo_tables
from contender.cli.try_files import try_files
from contender.cli.tune import tune
from contender.cli.up import down, up
from contender.installation import open_installation
from contender.redaction import redact

app = typer.Typer(
    name="contender",
    help="Operate nightly retraining: inspect data and models, correct data, and decide about versions.",
    epilog="Example: contender status\n\n"
    "Exit codes: 0 done; 1 a check failed; 2 wrong use; 3 cannot be completed. docs/CLI.md lists them by command.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(new.app, name="new")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(access.app, name="access")
app.add_typer(incidents.app, name="incidents")
app.command(epilog="Example: CONTENDER_CATALOG_HOME=$PWD/catalog CONTENDER_HOME=$PWD/state contender up")(up)
app.command(epilog="Example: contender down")(down)
app.command(
    epilog="Examples: contender load sales 2013-01-01..2013-08-31 | contender load returns 2013-09-01"
)(load)
app.command(
    epilog='Example: contender backfill departures 2013-03-01..2013-03-07 --apply --reason "late corrections"'
)(backfill.backfill)
app.command(
    epilog="Example: contender backtest churn --from 2026-01-01 --to 2026-03-31 --policy ours --policy blind"
)(backtest.backtest)
app.command(
    epilog="Examples: contender drill --list | contender drill pandemic churn | "
    "contender drill feed churn --column spend --from 2026-02-01 --html drill.html"
)(drill)
app.command(
    epilog="Examples: contender feasibility churn | contender feasibility churn --html churn.html --json"
)(feasibility)
app.command(
    epilog="Examples: contender tune churn | contender tune churn --recipe linear --vary C=0.01..10 --trials 60 | "
    "contender tune churn --vary window_days=28..365 --vary max_leaf_nodes=7..63 --minutes 30"
)(tune)
app.command(epilog="Examples: contender serve | contender serve churn --port 8000")(serve)
app.command(epilog="Examples: contender requests churn | contender requests churn 2026-11-27 --json")(
    requests
)
app.command("ledger", epilog="Examples: contender ledger churn --json | contender ledger verify")(ledger.show)
app.command(epilog='Example: contender rollback churn --reason "refunds went up since Tuesday"')(
    ledger.rollback
)
app.command(epilog='Example: contender promote churn 12 --reason "trained by hand on the new prices"')(
    ledger.promote
)
app.command(epilog='Example: contender resume churn --reason "the labels are correct again"')(ledger.resume)
app.command(epilog="Examples: contender card churn | contender card churn 12 --html card.html")(card.card)
app.command(epilog="Examples: contender replay 3f09ab | contender replay churn 412 --json")(replay)
app.command(epilog="Examples: contender score churn | contender score --json")(score)
app.command(epilog="Examples: contender audit --about churn | contender audit --by ada --json")(audit.audit)
app.command(epilog="Examples: contender monitor churn --why | contender monitor churn --json")(monitor)
app.command(
    epilog="Examples: contender plan | contender plan churn --night 2026-03-01 | "
    "contender plan --json | jq '.[].costs'"
)(plan)
app.command(
    epilog="Examples: contender cost | contender cost churn --since 2026-01-01 | contender cost --json"
)(cost)
app.command("try", epilog="Example: contender try sales exports/2013-09-01.csv exports/2013-09-02.csv")(
    try_files
)
app.command(
    epilog="Examples: contender check && airflow dags list | contender check --no-engines | "
    "contender check --leaks churn --spark"
)(check)
app.command(epilog='Example: contender erase tailnum=N14228 --reason "the owner asked for it"')(erase)
app.command(
    epilog="Examples: contender backup s3://backups/contender/2026-11-27 | "
    "contender backup /backups/2026-11-27 --reference-lake"
)(backup)
app.command(
    epilog="Examples: contender restore /backups/2026-11-27 --to /srv/restored --replay | "
    "CONTENDER_HOME=/srv/restored CONTENDER_LAKE=s3://other-bucket/lake contender restore s3://backups/2026-11-27"
)(restore)


@app.command(epilog="Example: contender status --json | jq '.models[].champion'")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the status of each dataset and model: last good day and verdict, champion, measures, last night.

    Changes nothing.
    """
    from contender.status import describe_next_step, read_status

    current = read_status(open_installation())
    if as_json:
        echo_json(current)
    else:
        if current.datasets:
            datasets, models = render_status(current)
            echo_tables(datasets, "", models)
        typer.echo(f"Next: {describe_next_step(current)}")


@app.command(
    "catalog",
    epilog="Examples: contender catalog | contender catalog labels.churn | contender catalog churn --json",
)
def show_catalogue(
    name: Annotated[
        str | None, typer.Argument(help="A table (`datasets.sales`), or the name of a dataset or model.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the catalogue: each table's schema, checks, freshness, gate results, lineage and snapshots.

    Changes nothing.
    """
    from contender.catalogue import read_catalogue

    installation = open_installation()
    tables = None if name is None else installation.catalog.tables_called(name)
    found = read_catalogue(installation, now=datetime.now(UTC), tables=tables)
    if as_json:
        echo_json(found)
    elif tables is not None and len(tables) == 1:
        echo_tables(*render_entry(found.entries[0]))
    else:
        echo_tables(render_catalogue(found))


@app.command("migrate", epilog="Example: CONTENDER_RECORDS=postgresql://... contender migrate")
def migrate(
    by: Annotated[str, typer.Option(help="The person who migrates.", default_factory=current_user)],
) -> None:
    """Create the stores, or migrate them to this release. A second run changes nothing.

    Changes the schema of the book of record and of tables whose contract declares a change.

    Keeps all rows and records.
    """
    migrate_stores(open_installation(), by, typer.echo)


def main() -> None:
    """Run the command line. An expected error prints one line to stderr; a bug prints its traceback."""
    accept_every_character()
    try:
        app()
    except Exception as error:
        code = find_exit_code(error)
        message = traceback.format_exc() if code is None else str(error)
        print(redact(message), file=sys.stderr)  # noqa: T201
        sys.exit(CANNOT_COMPLETE if code is None else code)
