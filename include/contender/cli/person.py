"""Who gives a command: the name that is kept with what was done, and how they log in to Airflow."""

from __future__ import annotations

import getpass
import os

PASSWORD = "CONTENDER_UI_PASSWORD"  # noqa: S105 - the name of a variable


def current_user() -> str:
    """The name of the user of this process; a container's user may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def airflow_password(*, needed: bool = True) -> str:
    """The password for Airflow from the environment; asked for when there is none and it is needed."""
    given = os.environ.get(PASSWORD, "")
    return given if given or not needed else getpass.getpass("Password for Airflow: ")
