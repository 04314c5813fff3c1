"""The person who runs a command: the recorded name, and the password for Airflow."""

from __future__ import annotations

import getpass
import os

from contender.cli.exit_codes import UsageError

PASSWORD = "CONTENDER_UI_PASSWORD"  # noqa: S105 - the name of a variable


def current_user() -> str:
    """Return the name of this process's user, or the user ID if it has no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def airflow_password(*, needed: bool = True) -> str:
    """Return Airflow's password from the environment, or ask for it if it is needed.

    Raises UsageError if there is no terminal to ask on.
    """
    given = os.environ.get(PASSWORD, "")
    if given or not needed:
        return given
    try:
        return getpass.getpass("Password for Airflow: ")
    except EOFError:
        raise UsageError(
            f"Airflow's password is missing and there is no terminal to ask on: set {PASSWORD}"
        ) from None
