"""The person who runs a command: the recorded name, and the password for Airflow."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

from contender.cli.exit_codes import UsageError

if TYPE_CHECKING:
    from contender.settings import Settings

PASSWORD = "CONTENDER_UI_PASSWORD"  # noqa: S105 - the name of a variable


def current_user() -> str:
    """Return the name of this process's user, or the user ID if it has no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def airflow_password(here: Settings, *, needed: bool = True) -> str:
    """Return Airflow's password: from the environment, of the Airflow that `contender up` started, or from a prompt.

    Asks only if it is needed. Raises UsageError if there is no terminal to ask on.
    """
    from contender.embedded_airflow import USER, read_password, read_state

    given = os.environ.get(PASSWORD, "")
    if not given and here.ui_user == USER and read_state(here.home).running:
        given = read_password(here.home)
    if given or not needed:
        return given
    try:
        return getpass.getpass("Password for Airflow: ")
    except EOFError:
        raise UsageError(
            f"Airflow's password is missing and there is no terminal to ask on: set {PASSWORD}"
        ) from None
