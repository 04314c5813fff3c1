"""Record trouble in incidents, and compose and send the mails about them, about decisions and about access rights."""

from contender.alerting.canaries import (
    ReturnedCanary,
    compose_canary_alert,
    raise_returned_canary,
    settle_returned_canary,
    was_returned,
)
from contender.alerting.compose import (
    Declared,
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
    Channel,
    MailServer,
    deliver_pending,
    keep_access_alert,
    keep_held_alert,
    mail_channel,
)
from contender.alerting.presence import find_present, has_no_rows
from contender.alerting.push import push
from contender.alerting.raising import (
    raise_gate_failure,
    raise_signal,
    raise_task_failure,
    raise_verdict,
    report_success,
)
from contender.alerting.refusals import Refusal, compose_refusal_alert, raise_refusal, settle_refusal
from contender.alerting.request_checks import (
    Difference,
    RequestCheck,
    compose_request_alert,
    report_request_check,
)
from contender.alerting.review import review_incidents
from contender.alerting.settling import (
    IncidentError,
    UnknownIncidentError,
    find_incident,
    settle_incident,
)

__all__ = [
    "Channel",
    "Declared",
    "Difference",
    "FailedTask",
    "IncidentError",
    "MailServer",
    "Refusal",
    "RequestCheck",
    "ReturnedCanary",
    "UnknownIncidentError",
    "compose_access_alert",
    "compose_approval_alert",
    "compose_canary_alert",
    "compose_decision_alert",
    "compose_gate_alert",
    "compose_held_alert",
    "compose_refusal_alert",
    "compose_request_alert",
    "compose_task_alert",
    "compose_verdict_alert",
    "deliver_pending",
    "find_incident",
    "find_present",
    "has_no_rows",
    "keep_access_alert",
    "keep_held_alert",
    "mail_channel",
    "push",
    "raise_gate_failure",
    "raise_refusal",
    "raise_returned_canary",
    "raise_signal",
    "raise_task_failure",
    "raise_verdict",
    "report_request_check",
    "report_success",
    "review_incidents",
    "settle_incident",
    "settle_refusal",
    "settle_returned_canary",
    "was_returned",
]
