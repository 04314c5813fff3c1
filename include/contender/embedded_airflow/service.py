"""Keep an embedded Airflow running in the background: start it, run it until it is stopped, and stop it.

The process that runs `serve` is detached from the terminal. It holds the lock of the home, receives mails, and starts
components again that end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from contender.embedded_airflow import mailbox
from contender.embedded_airflow.environment import project_variables
from contender.embedded_airflow.errors import StackError
from contender.embedded_airflow.ports import free_port
from contender.embedded_airflow.processes import end_processes, is_same, log_file, tail
from contender.embedded_airflow.stack import (
    START_SECONDS,
    STOP_SECONDS,
    Progress,
    restart_ended,
    running,
)
from contender.embedded_airflow.state import State, end_leftovers, locked, read_state
from contender.settings import PROJECT, Settings

SMTP_CONNECTION = "AIRFLOW_CONN_SMTP_DEFAULT"
_CONNECTIONS = "AIRFLOW_CONN_"
_POLL_SECONDS = 2.0


def start(here: Settings, on_progress: Progress) -> State:
    """Start an Airflow in the background and return its state once it is healthy. Raises StackError."""
    here.home.mkdir(parents=True, exist_ok=True)
    check_port(here, on_progress)
    log = log_file(here.home, "service")
    with log.open("ab") as file:
        process = psutil.Popen(
            [sys.executable, "-m", "contender.embedded_airflow"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        began = file.tell()
    try:
        return _wait_until_started(here, process, log, began, on_progress)
    except BaseException:
        _end_service(process)
        raise


def serve(here: Settings, on_progress: Progress) -> None:
    """Run an Airflow and its mail catcher until SIGTERM or Ctrl-C. Raises StackError and MailboxError."""
    signal.signal(signal.SIGTERM, _interrupt)
    check_port(here, on_progress)
    with contextlib.suppress(KeyboardInterrupt), _mail_port(here) as smtp_port:
        variables = {
            **project_variables(here, here.ui_port, str(first_scheduled_day(here))),
            **{name: value for name, value in os.environ.items() if name.startswith(_CONNECTIONS)},
            "CONTENDER_UI_URL": here.ui_url,
            # With the first scheduled day today or later, no run of an earlier day is created.
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        }
        with running(
            here.home, PROJECT, variables, on_progress, port=here.ui_port, smtp_port=smtp_port
        ) as stack:
            while True:
                restart_ended(stack, on_progress)
                time.sleep(_POLL_SECONDS)


def stop(here: Settings, on_progress: Progress) -> bool:
    """Stop the Airflow of this home, with all of its processes. Returns whether there was anything to stop."""
    state = read_state(here.home)
    if state.running:
        on_progress(f"Stopping Airflow at {state.url}; running tasks have {STOP_SECONDS:.0f} s to end")
        _stop_service(state)
    if not here.home.is_dir():
        return False
    with locked(here.home) as lock:
        count = end_leftovers(lock)
    if count:
        on_progress(f"Ended {count} processes that an interrupted run left behind")
    return state.running or count > 0


def first_scheduled_day(here: Settings) -> date:
    """Return the first day that is ingested by schedule: the setting, or the day of the first start.

    It is kept in the home, so that days missed while Airflow was stopped are caught up.
    """
    if here.nightly_from is not None:
        return here.nightly_from
    file = here.home / "nightly-from"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{datetime.now(UTC).date()}\n")
    return date.fromisoformat(file.read_text().strip())


def mail_folder(here: Settings) -> Path | None:
    """Return the folder that keeps all mails, or None if an SMTP server is configured."""
    return None if SMTP_CONNECTION in os.environ else here.home / "mail"


def check_port(here: Settings, on_progress: Progress) -> None:
    """Raise StackError if the port is in use, after ending the processes that an interrupted run left behind."""
    with locked(here.home) as lock:
        if count := end_leftovers(lock):
            on_progress(f"Ended {count} processes that an interrupted run left behind")
    if free_port(here.ui_port) != here.ui_port:
        raise StackError(
            f"Port {here.ui_port} is in use by another program: set CONTENDER_UI_PORT to a free port, "
            "for every command of this installation"
        )


def _wait_until_started(
    here: Settings, process: psutil.Popen, log: Path, began: int, on_progress: Progress
) -> State:
    deadline = time.monotonic() + 2 * START_SECONDS
    with log.open() as lines:
        lines.seek(began)
        while not (state := read_state(here.home)).healthy or state.pid != process.pid:
            _report(lines, on_progress)
            if (code := process.poll()) is not None:
                raise StackError(f"Airflow did not start (code {code}). The end of {log}:\n{tail(log)}")
            if time.monotonic() > deadline:
                raise StackError(f"Airflow did not start in {2 * START_SECONDS:.0f} s: see {log}")
            time.sleep(0.2)
        _report(lines, on_progress)
    return state


def _report(lines: IO[str], on_progress: Progress) -> None:
    for line in lines:
        on_progress(line.rstrip())


def _stop_service(state: State) -> None:
    """Stop the process that keeps Airflow running, unless another process has its pid by now."""
    if state.pid is None:
        return  # it has just begun to start
    with contextlib.suppress(psutil.NoSuchProcess):
        service = psutil.Process(state.pid)
        if is_same(service, state.started):
            _end_service(service)


def _end_service(service: psutil.Process) -> None:
    """Ask the process that keeps Airflow running to stop it; kill it if it does not."""
    try:
        service.terminate()
        service.wait(2 * STOP_SECONDS)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        end_processes([service])


@contextlib.contextmanager
def _mail_port(here: Settings) -> Iterator[int | None]:
    """Receive mails during the block and yield the port; None if an SMTP server is configured."""
    folder = mail_folder(here)
    if folder is None:
        yield None
        return
    with mailbox.running(folder) as box:
        yield box.port


def _interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a signal handler
    signal.signal(
        signal.SIGTERM, signal.SIG_IGN
    )  # stopping takes a while: a second signal must not interrupt it
    raise KeyboardInterrupt
