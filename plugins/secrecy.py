"""Teaches Airflow's own masker the secrets of this process, and masks what a task logs before it leaves the task."""

from __future__ import annotations

import structlog
from airflow.sdk.log import mask_logs, mask_secret

from contender.redaction import known_secrets


def mask_environment() -> None:
    """Mask every secret of the environment in what this process, or its task, logs from now on.

    Airflow masks the file of a task's log, but not the copy of it that goes to the scheduler's own output: so lines are
    masked here, as the last step before they are written or sent.
    """
    for secret in known_secrets():
        mask_secret(secret)
    steps = structlog.get_config()["processors"]
    if isinstance(steps, list) and mask_logs not in steps:
        steps.insert(len(steps) - 1, mask_logs)  # in place: loggers that exist already share the list
