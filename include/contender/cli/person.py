"""Who gives a command: the name that is kept with what was done."""

from __future__ import annotations

import getpass
import os


def current_user() -> str:
    """The name of the user of this process; a container's user may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
