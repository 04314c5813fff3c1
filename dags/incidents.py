"""### Find incidents that no task reports, and end those that have recovered.

Runs every 5 minutes. **review** compares what should exist by now (deliveries by cron and grace period, features,
predictions by their deadline, monitoring) with the book of record. A worker that was killed runs no callback, but its
output is missing.

- What is missing opens an incident, or joins the one that explains it. Its owner gets one mail.
- An incident whose steps all have their output has recovered. Its owner gets one mail.
- Mails about warnings, and daily reminders of open incidents, are sent in working hours (`CONTENDER_QUIET_HOURS`).
- Without `CONTENDER_NIGHTLY_FROM`, nothing is ever due.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import task

from alerts import deliver
from wiring import open_installation, operation_dag


@task
def review() -> None:
    """Open, end and remind of incidents, and send the mails that are due."""
    from contender.alerting import review_incidents

    if review_incidents(open_installation(), datetime.now(UTC)):
        deliver()


with operation_dag("incidents", __doc__, "*/5 * * * *", "Finds what is missing, and what has recovered"):
    review()
