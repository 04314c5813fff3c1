"""### Maintain the lake's tables.

Once a day, **keep_up** does the following for each table:

- delete days that are older than the contract's retention, or for logged requests than `CONTENDER_REQUEST_LOG_DAYS`;
- merge small manifests when there are many (data files of different days are never merged).

Once a week, each table on its own day, because it takes longer the older the table is; for logged requests, daily:

- expire snapshots older than `CONTENDER_SNAPSHOT_DAYS`, except the newest and those pinned by versions in the ledger;
  those of logged requests expire after a day;
- delete files without references after a day.

Start it with `dry_run` to see in each task's log and result what it would do, with `all_files` to do all of it today.
"""

from __future__ import annotations

import logging

from airflow.sdk import Param, get_current_context, task

from wiring import CATALOG, Json, open_installation, operation_dag

log = logging.getLogger(__name__)


@task(map_index_template="{{ task.op_kwargs['table'] }}")
def keep_up(table: str) -> Json:
    """Maintain one table. Returns what was done, or in a dry run what would be done."""
    from contender.lake import UpkeepForm, maintain_by_settings

    here, params = open_installation(), get_current_context()["params"]
    form = UpkeepForm(dry_run=params["dry_run"], all_files=params["all_files"])
    pinned = {pin.snapshot for pin in here.book.evaluations.pinned_snapshots(table)}
    done = maintain_by_settings(here.lake, CATALOG.contract(table), pinned, here.settings, form)
    log.info("%s (dry run: %s)", done.summary(), form.dry_run)
    return {"table": table, "dry_run": form.dry_run, **done.counts()}


with operation_dag(
    "upkeep",
    __doc__,
    "0 13 * * *",
    "Expires snapshots, applies retention, merges manifests, deletes orphaned files",
    form={
        "dry_run": Param(False, type="boolean", title="Dry run", description="Only show what would be done."),
        "all_files": Param(
            False,
            type="boolean",
            title="All files",
            description="Expire snapshots and delete files without references today, whatever the day.",
        ),
    },
):
    keep_up.expand(table=[contract.table for contract in CATALOG.contracts()])
