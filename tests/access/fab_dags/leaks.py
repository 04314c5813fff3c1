"""### Tasks that leak secrets in several ways, for tests of masking."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime

from airflow.sdk import DAG, Connection, task

from wiring import PLATFORM, task_defaults

WAYS = ("error", "log", "connection")


def build(way: str) -> None:
    with DAG(
        dag_id=f"leaks__{way}",
        schedule=None,
        start_date=datetime(2013, 1, 1, tzinfo=UTC),
        default_args=task_defaults("leaks__error", PLATFORM) | {"retries": 0},
    ):

        @task
        def slip() -> None:
            if way == "connection":
                raise RuntimeError(f"the source refuses {Connection.get('planted').password}")
            secrets = " ".join(
                os.environ[name]
                for name in ("AWS_SECRET_ACCESS_KEY", "PLANTED_URL", "AIRFLOW__CORE__FERNET_KEY")
            )
            if way == "log":
                logging.getLogger(__name__).warning(secrets)
            raise RuntimeError(f"could not read: {secrets}")

        slip()


for each in WAYS:
    build(each)
