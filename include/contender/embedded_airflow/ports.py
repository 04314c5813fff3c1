"""Find free ports of this machine."""

from __future__ import annotations

import contextlib
import socket

from contender.embedded_airflow.environment import HOST
from contender.embedded_airflow.errors import StackError


def free_port(preferred: int = 0) -> int:
    """Return `preferred` if the port is free, otherwise another free port."""
    for candidate in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, candidate))
            return int(probe.getsockname()[1])
    raise StackError(f"No free port on {HOST}.")
