"""### Upkeep of the lake's tables.

Once a day, for each table: days past their contract's retention leave it, snapshots older than
`CONTENDER_SNAPSHOT_DAYS` expire (never the newest, and none that a version in the ledger was fitted on), the lists of
files are merged when there are many, and files that nothing refers to are removed after a day. Days are never merged.

Start it with `dry_run` to see in each task's log and result what it would do.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Param, get_current_context, task

from contender.settings import settings
from wiring import CATALOG, PLATFORM, Json, task_defaults

log = logging.getLogger(__name__)


@task(map_index_template="{{ task.op_kwargs['table'] }}")
def keep_up(table: str) -> Json:
    """Do what the table needs; returns what was done, or would be."""
    from contender.lake import look_after, open_lake
    from contender.records import open_book

    here, dry_run = settings(), bool(get_current_context()["params"]["dry_run"])
    stores, keep = (open_lake(here), open_book(here.records)), timedelta(days=here.snapshot_days)
    done = look_after(*stores, CATALOG.contract(table), keep, dry_run=dry_run)
    log.info("%s (dry run: %s)", done.told(), dry_run)
    return {"table": table, "dry_run": dry_run, **done.counts()}


with DAG(
    dag_id="operations__upkeep",
    description="Expires snapshots, applies retention, merges manifests, removes orphaned files",
    doc_md=__doc__,
    schedule="0 13 * * *",
    start_date=datetime(2013, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=task_defaults(PLATFORM),
    params={"dry_run": Param(False, type="boolean", title="Dry run", description="Tell, and do nothing.")},
    tags=["operations"],
):
    keep_up.expand(table=[contract.table for contract in CATALOG.contracts()])
