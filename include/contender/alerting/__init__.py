"""Alert: writes the mail about a failed gate or task, a decision by or for a person, or rights; and sends it."""

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
