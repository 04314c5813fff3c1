"""Who gives a command: the name that is kept with what was done, and how they log in to Airflow."""

from __future__ import annotations

import getpass
import os

from contender.cli.exit_codes import UsageError

PASSWORD = "CONTENDER_UI_PASSWORD"  # noqa: S105 - the name of a variable


def current_user() -> str:
    """The name of the user of this process; a container's user may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def airflow_password(*, needed: bool = True) -> str:
    """The password for Airflow from the environment; asked for when there is none and it is needed.

    Raises UsageError when there is no terminal to ask at.
    """
    given = os.environ.get(PASSWORD, "")
    if given or not needed:
        return given
    try:
        return getpass.getpass("Password for Airflow: ")
    except EOFError:
        raise UsageError(f"there is no terminal to ask for Airflow's password: set {PASSWORD}") from None
