"""### Housekeeping.

Every quarter of an hour: **deliver_mails** sends what waits, be it written outside of Airflow or refused by the mail
server before; **sweep_staging** forgets staged batches older than a week. Nothing in staging is needed once its run
has ended: what passed its gate is in the lake, what failed waits in quarantine.
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
    """Send the mails that wait; fails while any is left."""
    if left := deliver():
        raise RuntimeError(f"{left} mails could not be sent: look at the connection smtp_default")


@task
def sweep_staging() -> int:
    """Remove staged batches that no run can still need."""
    from contender.lake import sweep

    return sweep(settings().staging, older_than=KEPT_FOR)


with operation_dag(
    "housekeeping", __doc__, "*/15 * * * *", "Sends mails that wait and sweeps the staging folder"
):
    deliver_mails()
    sweep_staging()
