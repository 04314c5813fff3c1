"""Register the secrets of this process with Airflow's masker, and mask log lines before they leave a task."""

from __future__ import annotations

import structlog
from airflow.sdk.log import mask_logs, mask_secret

from contender.redaction import known_secrets


def mask_environment() -> None:
    """Mask all secrets of the environment in the logs of this process and its tasks.

    Airflow masks the log file of a task, but not the copy of it in the scheduler's output. Masking is therefore also
    the last step before a line is written or sent.
    """
    for secret in known_secrets():
        mask_secret(secret)
    steps = structlog.get_config()["processors"]
    if isinstance(steps, list) and mask_logs not in steps:
        steps.insert(len(steps) - 1, mask_logs)  # in place: existing loggers share the list


mask_environment()  # in each process that loads plugins; a task does it again, with its own loggers
