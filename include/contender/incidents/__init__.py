"""Judgements about incidents: what has one cause, whom to notify and when, what is missing, what has recovered."""

from contender.incidents.expectations import (
    BACKUP_AT,
    BACKUP_DAG,
    Due,
    Output,
    due_backup,
    list_due,
    list_outputs,
    list_steps,
    signal_id,
    signal_missing,
)
from contender.incidents.lineage import explains, list_upstream
from contender.incidents.rules import (
    Outcome,
    acknowledge,
    choose_reminders,
    close,
    note_success,
    record_signal,
    recover,
    remind,
    send_waiting,
)
from contender.incidents.signals import (
    REQUESTS_TASK,
    Signal,
    describe_step,
    fingerprint_connection_error,
    grade,
    signal_gate,
    signal_verdict,
)
from contender.incidents.working_hours import WorkingHours, read_working_hours

__all__ = [
    "BACKUP_AT",
    "BACKUP_DAG",
    "REQUESTS_TASK",
    "Due",
    "Outcome",
    "Output",
    "Signal",
    "WorkingHours",
    "acknowledge",
    "choose_reminders",
    "close",
    "describe_step",
    "due_backup",
    "explains",
    "fingerprint_connection_error",
    "grade",
    "list_due",
    "list_outputs",
    "list_steps",
    "list_upstream",
    "note_success",
    "read_working_hours",
    "record_signal",
    "recover",
    "remind",
    "send_waiting",
    "signal_gate",
    "signal_id",
    "signal_missing",
    "signal_verdict",
]
