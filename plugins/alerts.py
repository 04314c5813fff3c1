"""Notify owners by mail of failed tasks. A mail stays pending until a server accepts it."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowFailException

from contender.settings import settings
from gate_operator import GATE_KEY, gate_url

SMTP_CONNECTION = "smtp_default"

log = logging.getLogger(__name__)


class OwnerNotified(AirflowFailException):
    """A failure about which the task has already sent a mail; no other mail follows."""


def notify_owner(context: Any) -> None:
    """Record the mail about a failed task, and try to send all pending mails."""
    from contender.admission import find_recipients
    from contender.alerting import FailedTask, compose_gate_alert, compose_task_alert
    from contender.installation import open_installation
    from contender.specs import locate_expectations

    if isinstance(context.get("exception"), OwnerNotified):
        return
    here, task_instance = open_installation(), context["ti"]
    book = here.book
    gate_id = task_instance.xcom_pull(task_ids=task_instance.task_id, key=GATE_KEY)
    result = book.gates.get(gate_id) if gate_id else None
    if result is not None:
        alert = compose_gate_alert(
            result,
            to=find_recipients(here.catalog, result),
            gate_url=gate_url(result.id),
            log_url=_log_url(context),
            lines=locate_expectations(here.catalog, result.table, [e.identity for e in result.failed]),
        )
    else:
        alert = compose_task_alert(
            FailedTask(
                dag=task_instance.dag_id,
                task=task_instance.task_id,
                run=context["run_id"],
                days=_days(context),
                error=str(context.get("exception") or "the task ended without an error message"),
                log_url=_log_url(context),
            ),
            to=task_instance.task.owner,
        )
    book.alerts.add(alert)
    deliver()


def report_url(model: str, day: date) -> str:
    """Return the URL of the drift report of a monitored day."""
    return f"{settings().ui_url}/contender/reports/{model}/{day}"


def deliver() -> int:
    """Send all pending mails. Returns how many could not be sent."""
    from contender.alerting import MailServer, deliver_pending
    from contender.installation import open_installation

    connection = Connection.get(SMTP_CONNECTION)
    extra = connection.extra_dejson
    server = MailServer(
        host=connection.host or "localhost",
        port=connection.port or 587,
        user=connection.login or None,
        password=connection.password or None,
        tls=not extra.get("disable_ssl", False),
        starttls=bool(extra.get("disable_ssl", False)) and not extra.get("disable_tls", False),
    )
    installation = open_installation()
    sender = extra.get("from_email") or installation.settings.mail_from
    pending = deliver_pending(installation.book, server, sender)
    for alert in pending:
        log.error("Not sent, will be tried again: %s (%s)", alert.subject, alert.last_error)
    return len(pending)


def _days(context: Any) -> str:
    params = context["params"]
    span = "..".join(filter(None, (params.get("first"), params.get("last"))))
    return context["dag_run"].partition_key or params.get("day") or span


def _log_url(context: Any) -> str:
    task_instance = context["ti"]
    run = f"{settings().ui_url}/dags/{task_instance.dag_id}/runs/{task_instance.run_id}"
    return f"{run}/tasks/{task_instance.task_id}"
