"""Start an Airflow with the FAB auth manager, and add users with roles from access.yaml."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import httpx

from contender import embedded_airflow
from contender.embedded_airflow import mailbox
from contender.granting import apply_roles, wanted_roles
from contender.orchestrator import Airflow, Roles
from contender.settings import PROJECT, Settings
from contender.specs import Access, Catalog
from tests.parsing import PARSE_RARELY

ADMIN, PASSWORD = "admin", "a-password-of-tests"  # the administrator in access.yaml
CHECKER = "checker"  # the user of the nightly check
# One user of each role; the scientist owns flight_delay, and the other model belongs to someone else.
USERS = {
    "engineer": "contender.data_engineer",
    "scientist": "contender.data_scientist.flight-models@contender.example",
    "platform": "contender.platform_engineer",
    "approver": "contender.approver",
    "reader": "contender.business_reader",
    "auditor": "contender.auditor",
    "stranger": None,
}
# One secret per source: AWS variables, the URL of a setting, an Airflow connection, Airflow's own key.
AWS_KEY, IN_URL, IN_CONNECTION = "wJalrXUtnFEMI/K7MDENG+bPx", "l0velace&co", "c0nnect<ion>"
FERNET = "cVrR3vqYk5yU0m1XlZ2bWq8nT4sD6fG9hJ0kL1zX2cA="
PLANTED = {
    "AWS_SECRET_ACCESS_KEY": AWS_KEY,
    "PLANTED_URL": f"postgresql://ada:{IN_URL}@db.example/x",
    "AIRFLOW_CONN_PLANTED": json.dumps({"conn_type": "http", "host": "h", "password": IN_CONNECTION}),
    "AIRFLOW__CORE__FERNET_KEY": FERNET,
}
OF_THE_CHECK = {
    "AIRFLOW_CONN_CONTENDER_ACCESS": json.dumps({"conn_type": "http", "login": CHECKER, "password": PASSWORD})
}
MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


@dataclass(frozen=True)
class Fab:
    """A running Airflow with roles."""

    url: str
    here: Settings
    home: Path
    mails: Path  # the folder of mails that its SMTP server received
    sessions: dict[str, httpx.Client] = field(default_factory=dict)

    def airflow(self, user: str = ADMIN) -> Airflow:
        return Airflow(self.url, PASSWORD, user)

    def as_user(self, user: str) -> httpx.Client:
        """Return an HTTP client that is logged in as the user, with a token for the REST API and the pages."""
        if user not in self.sessions:
            client = httpx.Client(base_url=self.url, trust_env=False, timeout=30)
            answer = client.post("/auth/token", json={"username": user, "password": PASSWORD})
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            self.sessions[user] = client
        return self.sessions[user]

    def add_user(self, name: str, *roles: str) -> None:
        user = {
            "username": name,
            "password": PASSWORD,
            "email": f"{name}@contender.example",
            "first_name": name,
            "last_name": "of tests",
            "roles": [{"name": role} for role in roles],
        }
        with self.airflow() as airflow:
            airflow.call("POST", "/auth/fab/v1/users", json=user)

    def remove_user(self, name: str) -> None:
        with self.airflow() as airflow:
            airflow.call("DELETE", f"/auth/fab/v1/users/{name}")
        self.sessions.pop(name, None)


def copy_dags(folder: Path) -> Path:
    """Copy the project's DAGs, add DAGs that leak secrets, and let the retrain DAG only ask a person."""
    shutil.copytree(PROJECT / "dags", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (Path(__file__).parent / "fab_dags").glob("*.py"):
        shutil.copy(file, folder)
    return folder


@contextlib.contextmanager
def running_fab(
    home: Path,
    here: Settings,
    dags: Path = PROJECT / "dags",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Fab]:
    """Start Airflow with these DAGs and variables, and an administrator."""
    port = embedded_airflow.free_port()
    own = {
        "AIRFLOW__CORE__AUTH_MANAGER": MANAGER,
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__FAB__CACHE_TTL": "0",
        **PARSE_RARELY,
        **variables,
        "CONTENDER_HOME": str(here.home),
        "CONTENDER_UI_URL": f"http://{embedded_airflow.HOST}:{port}",
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "include"), str(PROJECT)]),
    }
    with (
        mailbox.running(home / "mails") as box,
        embedded_airflow.running(
            home, PROJECT, own, on_progress=lambda _: None, port=port, smtp_port=box.port
        ) as running,
    ):
        create_admin(
            embedded_airflow.make_environment(home, PROJECT, port=port, extra=own), home / "users.log"
        )
        fab = Fab(running.url, here, home, box.folder)
        try:
            yield fab
        finally:
            for session in fab.sessions.values():
                session.close()


def create_admin(env: dict[str, str], log: Path) -> None:
    """Create the first user, which is only possible on the machine itself."""
    create = f"users create -r Admin -u {ADMIN} -p {PASSWORD} -e admin@contender.example -f A -l B"
    with log.open("ab") as file:
        subprocess.run(
            [sys.executable, "-m", "airflow", *create.split()], env=env, stdout=file, stderr=file, check=True
        )


def apply(fab: Fab, access: Access, catalog: Catalog) -> tuple[str, ...]:
    """Do the same as `contender access apply --wait 120`."""
    with fab.airflow() as airflow:
        return apply_roles(wanted_roles(access, catalog), Roles(airflow), lambda _: None, wait=120)
