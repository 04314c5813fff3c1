"""The environment of an embedded Airflow: settings, secrets and connections of one home folder."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from contender.settings import SHORT_LIVED_JVM, Settings
from contender.urls import sqlite_url

USER = "admin"
HOST = "127.0.0.1"
RANGES_POOL = "ranges"
SLOTS = 4  # tasks that run at once

_PROMPT: dict[str, dict[str, object]] = {
    "SCHEDULER": {
        "SCHEDULER_IDLE_SLEEP_TIME": 0.5,
        "SCHEDULER_HEARTBEAT_SEC": 2,
        # Otherwise, with many models, a round looks at a fraction of the runs, and a run waits for several rounds.
        "MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE": 100,
        "TASK_INSTANCE_HEARTBEAT_TIMEOUT": 30,
        "TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": 5,
        "ORPHANED_TASKS_CHECK_INTERVAL": 15,
    },
    # A supervisor that sees the sockets of its task close before the task has ended sleeps until its next heartbeat.
    # With more heartbeats, as many more may fail before it gives the task up.
    "WORKERS": {"MIN_HEARTBEAT_INTERVAL": 1, "MAX_FAILED_HEARTBEATS": 15},
}


def make_environment(
    home: Path,
    project: Path,
    *,
    port: int,
    smtp_port: int | None = None,
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the complete environment of an Airflow process of this home; `extra` replaces single variables."""
    home, project = home.resolve(), project.resolve()
    return {
        **_inherited(),
        **_airflow_settings(home, project, port),
        **_secrets(home),
        **_connections(smtp_port),
        **_library_settings(),
        "CONTENDER_RANGES_POOL": RANGES_POOL,
        **(extra or {}),
    }


def project_variables(here: Settings, port: int, nightly_from: str) -> dict[str, str]:
    """Return the variables of the installation's settings and size, with its UI on this port of this machine."""
    return {
        "CONTENDER_HOME": str(here.home.resolve()),
        "CONTENDER_CATALOG_HOME": str(here.catalog_home.resolve()),
        "CONTENDER_UI_PORT": str(port),
        "CONTENDER_UI_URL": url_of(port),
        "CONTENDER_NIGHTLY_FROM": nightly_from,
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": str(_parsing_interval(here.catalog_home)),
    }


def _parsing_interval(catalog_home: Path) -> int:
    """Return the seconds from one parsing of a DAG file to the next: one for each model, and at least 30.

    All DAGs of a model take 0.07 CPU seconds to parse, so that a tenth of a core is enough for any number of models.
    """
    from contender.specs import list_model_files

    return max(30, len(list_model_files(catalog_home)))


def url_of(port: int) -> str:
    """Return the URL of an embedded Airflow's pages and API."""
    return f"http://{HOST}:{port}"


def read_password(home: Path) -> str:
    """Return the password of the user `admin`, generated for this home on first use."""
    return _kept(password_file(home), {USER: secrets.token_urlsafe(12)})[USER]


def password_file(home: Path) -> Path:
    """Return the file of the home's password, readable only by its owner."""
    return home / "passwords.json"


def _inherited() -> dict[str, str]:
    """Return the caller's environment without variables of another Airflow or that slow down every start."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW_", "_AIRFLOW_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    no_proxy = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy"), HOST, "localhost"]))
    beside_python = str(Path(sys.executable).parent)  # contains spark-submit
    return {
        **kept,
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "PATH": os.pathsep.join([beside_python, kept.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": sys.prefix,
    }


def _airflow_settings(home: Path, project: Path, port: int) -> dict[str, str]:
    airflow = home / "airflow"
    sections: dict[str, dict[str, object]] = {
        "CORE": {
            "DAGS_FOLDER": project / "dags",
            "PLUGINS_FOLDER": project / "plugins",
            "LOAD_EXAMPLES": False,
            "EXECUTOR": "LocalExecutor",
            "PARALLELISM": SLOTS,
            # A partition timetable creates a run for today as soon as its DAG is active.
            "DAGS_ARE_PAUSED_AT_CREATION": True,
            "DAGBAG_IMPORT_TIMEOUT": 120,
            "SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "SIMPLE_AUTH_MANAGER_ALL_ADMINS": False,
            "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": password_file(home),
            # Otherwise tasks use the default port and fail with an empty log.
            "EXECUTION_API_SERVER_URL": f"{url_of(port)}/execution/",
        },
        # Each process would import all migrations to check that they were run: they are, before the start.
        "DATABASE": {"SQL_ALCHEMY_CONN": sqlite_url(airflow / "airflow.db"), "CHECK_MIGRATIONS": False},
        "API": {"HOST": HOST, "PORT": port, "BASE_URL": url_of(port), "WORKERS": 1},
        **_PROMPT,
        "DAG_PROCESSOR": {"PARSING_PROCESSES": 2, "REFRESH_INTERVAL": 30},
        "LOGGING": {
            "COLORED_CONSOLE_LOG": False,
            "NAMESPACE_LEVELS": "great_expectations=WARNING evidently=WARNING",
        },
    }
    return {"AIRFLOW_HOME": str(airflow)} | {
        f"AIRFLOW__{section}__{key}": str(value)
        for section, options in sections.items()
        for key, value in options.items()
    }


def _connections(smtp_port: int | None) -> dict[str, str]:
    connections: dict[str, dict[str, object]] = {
        "SPARK_DEFAULT": {"conn_type": "spark", "host": "local[2]"},
    }
    if smtp_port is not None:
        connections["SMTP_DEFAULT"] = {
            "conn_type": "smtp",
            "host": HOST,
            "port": smtp_port,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "contender@localhost"},
        }
    return {f"AIRFLOW_CONN_{name}": json.dumps(connection) for name, connection in connections.items()}


def _library_settings() -> dict[str, str]:
    return {
        "JDK_JAVA_OPTIONS": os.environ.get("JDK_JAVA_OPTIONS", SHORT_LIVED_JVM),
        "SPARK_LOCAL_IP": HOST,
        "OMP_NUM_THREADS": "1",
        # No telemetry is sent.
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _secrets(home: Path) -> dict[str, str]:
    """Return the secrets of this home; they are generated on first use and readable only by their owner."""
    read_password(home)
    return _kept(
        home / "secrets.json",
        {
            "AIRFLOW__CORE__FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        },
    )


def _kept(path: Path, fresh: Mapping[str, str]) -> dict[str, str]:
    """Read a file; if it does not exist, write `fresh` to it first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(fresh, file)
        with contextlib.suppress(FileExistsError):  # another process was first: use its file
            os.link(draft, path)
        draft.unlink()
    content: dict[str, str] = json.loads(path.read_text())
    return content
