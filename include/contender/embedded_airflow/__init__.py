"""An embedded Airflow: all of its processes on this machine, on SQLite, with their state in one home folder.

It starts processes of the `airflow` command and does not import Airflow.
"""

from contender.embedded_airflow import mailbox
from contender.embedded_airflow.environment import (
    HOST,
    USER,
    make_environment,
    project_variables,
    read_password,
)
from contender.embedded_airflow.errors import StackError
from contender.embedded_airflow.mailbox import MailboxError
from contender.embedded_airflow.ports import free_port
from contender.embedded_airflow.service import first_scheduled_day, mail_folder, serve, start, stop
from contender.embedded_airflow.stack import DEFAULT_PORT, Progress, Stack, running
from contender.embedded_airflow.state import State, read_state

__all__ = [
    "DEFAULT_PORT",
    "HOST",
    "USER",
    "MailboxError",
    "Progress",
    "Stack",
    "StackError",
    "State",
    "first_scheduled_day",
    "free_port",
    "mail_folder",
    "mailbox",
    "make_environment",
    "project_variables",
    "read_password",
    "read_state",
    "running",
    "serve",
    "start",
    "stop",
]
