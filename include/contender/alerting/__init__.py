"""Compose and send mails about failed gates and tasks, decisions, approvals, and differences in access rights."""

from contender.alerting.compose import (
    FailedTask,
    compose_access_alert,
    compose_approval_alert,
    compose_decision_alert,
    compose_gate_alert,
    compose_task_alert,
)
from contender.alerting.deliver import MailServer, deliver_pending, keep_access_alert

__all__ = [
    "FailedTask",
    "MailServer",
    "compose_access_alert",
    "compose_approval_alert",
    "compose_decision_alert",
    "compose_gate_alert",
    "compose_task_alert",
    "deliver_pending",
    "keep_access_alert",
]
