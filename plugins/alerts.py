"""Record failed tasks in incidents, and send mails. A mail stays pending until a server accepts it."""

from __future__ import annotations

import logging
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from contender.settings import settings
from contender.specs import NIGHTLY, parse_dag_id
from gate_operator import GATE_KEY, GateOperator, gate_url

if TYPE_CHECKING:
    from contender.alerting import Channel, FailedTask
    from contender.records import Alert

SMTP_CONNECTION = "smtp_default"
HAVE_DAYS = ("ingest", *NIGHTLY)  # the verbs of DAGs that run for days

log = logging.getLogger(__name__)


class OwnerNotified(AirflowFailException):
    """A failure about which the task has already sent a mail; no other mail follows."""


def notify_owner(context: Any) -> None:
    """Record a failed task in an incident, and try to send all pending mails."""
    from contender.alerting import raise_gate_failure, raise_task_failure
    from contender.installation import open_installation

    if isinstance(context.get("exception"), OwnerNotified):
        return
    here, task_instance, failed = open_installation(), context["ti"], _failed_task(context)
    gate_id = task_instance.xcom_pull(task_ids=task_instance.task_id, key=GATE_KEY)
    result = here.book.gates.get(gate_id) if gate_id else None
    if result is not None:
        raise_gate_failure(here, result, failed, gate_url(result.id))
    else:
        raise_task_failure(here, failed, task_instance.task.owner, context.get("exception"))
    deliver()


def note_success(context: Any) -> None:
    """Record that a task has succeeded that had failed before: in a retry, or an operation in any run.

    What becomes of a batch after its gate is found from the book.
    """
    from contender.alerting import report_success
    from contender.installation import open_installation
    from contender.records import Step

    task_instance = context["ti"]
    first_try = task_instance.try_number == 1 and parse_dag_id(task_instance.dag_id).verb in HAVE_DAYS
    if first_try or isinstance(task_instance.task, GateOperator):
        return
    failed = _failed_task(context)
    report_success(open_installation(), Step(dag=failed.dag, days=failed.business_days, task=failed.task))


def report_url(model: str, day: date) -> str:
    """Return the URL of the drift report of a monitored day."""
    return f"{settings().ui_url}/contender/reports/{model}/{day}"


def deliver() -> int:
    """Send all pending notifications. Returns how many mails could not be sent; other channels are only tried again."""
    from contender.alerting import deliver_pending
    from contender.installation import open_installation

    here = open_installation()
    names = [name.strip() for name in here.settings.push_connections.split(",") if name.strip()]
    channels = {"mail": _mail_channel(here.settings.mail_from)} | {n: partial(_push, n) for n in names}
    pending = deliver_pending(here.book, channels)
    for alert in pending:
        log.error("Not sent, will be tried again: %s (%s)", alert.subject, alert.last_error)
    return len([alert for alert in pending if "mail" not in alert.delivered])


def _mail_channel(mail_from: str) -> Channel:
    from contender.alerting import MailServer, mail_channel

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
    return mail_channel(server, extra.get("from_email") or mail_from)


def _push(connection: str, alert: Alert) -> None:
    from contender.alerting import push

    try:
        found = Connection.get(connection)
    except AirflowNotFoundException:
        raise OSError(
            f"there is no connection {connection}: add it, or correct CONTENDER_PUSH_CONNECTIONS"
        ) from None
    push(alert, str((found.extra_dejson.get("config") or {}).get("path", "")))


def _failed_task(context: Any) -> FailedTask:
    from contender.alerting import FailedTask

    task_instance = context["ti"]
    batch = getattr(task_instance.task, "batch", None)
    return FailedTask(
        dag=task_instance.dag_id,
        task=task_instance.task_id,
        run=context["run_id"],
        days=_days(context),
        error=str(context.get("exception") or "the task ended without an error message"),
        log_url=_log_url(context),
        number=task_instance.try_number,
        table=batch["table"] if isinstance(batch, dict) else "",
    )


def _days(context: Any) -> str:
    params = context["params"]
    span = "..".join(filter(None, (params.get("first"), params.get("last"))))
    return context["dag_run"].partition_key or params.get("day") or span


def _log_url(context: Any) -> str:
    task_instance = context["ti"]
    run = f"{settings().ui_url}/dags/{task_instance.dag_id}/runs/{task_instance.run_id}"
    return f"{run}/tasks/{task_instance.task_id}"
