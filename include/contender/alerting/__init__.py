"""Compose and send mails: failed gates and tasks, verdicts, held refreshes, decisions, approvals, and access rights."""

from contender.alerting.compose import (
    FailedTask,
    compose_access_alert,
    compose_approval_alert,
    compose_decision_alert,
    compose_gate_alert,
    compose_held_alert,
    compose_task_alert,
    compose_verdict_alert,
)
from contender.alerting.deliver import (
    MailServer,
    deliver_pending,
    keep_access_alert,
    keep_held_alert,
    keep_verdict_alert,
)

__all__ = [
    "FailedTask",
    "MailServer",
    "compose_access_alert",
    "compose_approval_alert",
    "compose_decision_alert",
    "compose_gate_alert",
    "compose_held_alert",
    "compose_task_alert",
    "compose_verdict_alert",
    "deliver_pending",
    "keep_access_alert",
    "keep_held_alert",
    "keep_verdict_alert",
]
