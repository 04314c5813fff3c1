"""### Send pending mails and sweep the staging folder.

Runs every quarter of an hour. **deliver_mails** sends pending mails: those written outside of Airflow, and those that
the mail server did not accept before. **sweep_staging** deletes staged batches older than a week. No run needs them
after it has ended: batches that passed their gate are in the lake, failed ones in quarantine.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import task

from alerts import deliver
from contender.settings import settings
from wiring import operation_dag

KEPT_FOR = timedelta(days=7)


@task
def deliver_mails() -> None:
    """Send all pending mails; fail if any could not be sent."""
    if pending := deliver():
        raise RuntimeError(
            f"{pending} mails could not be sent: check the connection smtp_default and the errors above"
        )


@task
def sweep_staging() -> int:
    """Delete staged batches that no run can need any more."""
    from contender.lake import sweep

    return sweep(settings().staging, older_than=KEPT_FOR)


with operation_dag(
    "housekeeping", __doc__, "*/15 * * * *", "Sends pending mails and sweeps the staging folder"
):
    deliver_mails()
    sweep_staging()
