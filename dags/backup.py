"""### Copy all stores every day, while nights run.

**back_up** does what `contender backup` does, into `CONTENDER_BACKUPS`, at a place named after the run's day and time.
Without this setting, it is skipped.

- A task that is tried again completes the backup that was begun.
- A backup that is missing four hours later is an incident of the platform's owner, even if this DAG is paused.
- Old backups are not deleted: give the bucket a rule that does.
- `contender restore` restores one at any place (docs/BACKUP.md).
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from contender.incidents import BACKUP_AT
from wiring import open_installation, operation_dag

log = logging.getLogger(__name__)
LONGEST = timedelta(hours=12)


@task(execution_timeout=LONGEST)
def back_up() -> str:
    """Make the day's backup. Returns its place."""
    from contender.backups import back_up_daily

    here = open_installation()
    if not here.settings.backups:
        raise AirflowSkipException("no backup was made: CONTENDER_BACKUPS is not set")
    return back_up_daily(here, get_current_context()["dag_run"].run_after, log.info)


with operation_dag(
    "backup", __doc__, f"{BACKUP_AT.minute} {BACKUP_AT.hour} * * *", "Copies all stores to CONTENDER_BACKUPS"
):
    back_up()
