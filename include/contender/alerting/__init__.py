"""Alert: writes the mail about a failed gate or task or a person's decision, and hands it to a mail server."""

from contender.alerting.compose import compose_decision_alert, compose_gate_alert, compose_task_alert
from contender.alerting.deliver import MailServer, deliver_pending

__all__ = [
    "MailServer",
    "compose_decision_alert",
    "compose_gate_alert",
    "compose_task_alert",
    "deliver_pending",
]
