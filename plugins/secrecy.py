"""Teaches Airflow's own masker the secrets of this process, so that no task's log shows one."""

from __future__ import annotations

from airflow.sdk.log import mask_secret

from contender.redaction import known_secrets


def mask_environment() -> None:
    """Mask every secret of the environment in what this process, or its task, logs from now on."""
    for secret in known_secrets():
        mask_secret(secret)
