"""The Airflow of the demo: an embedded one on this machine, or one that already runs in containers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from contender.embedded_airflow import DEFAULT_PORT, Progress, free_port, mailbox, project_variables
from contender.embedded_airflow import running as running_airflow
from contender.embedded_airflow.mailbox import Mail
from contender.orchestrator import Airflow
from contender.settings import PROJECT, Settings
from demo import mailpit


@dataclass(frozen=True)
class RunningDemo:
    """A running Airflow with its mailbox, page and password."""

    airflow: Airflow
    read_mails: Callable[[], Sequence[Mail]]
    page: str
    password: str = field(repr=False)
    keeps_running: bool = False  # after the demo


def environment(here: Settings, port: int) -> dict[str, str]:
    """Return the settings of an embedded Airflow whose nights are started through the API or by hand."""
    return project_variables(here, port, nightly_from="")


@contextmanager
def embedded(here: Settings, say: Progress) -> Iterator[RunningDemo]:
    """Run an Airflow and a mailbox in this home for the duration of the block."""
    port, mails = free_port(DEFAULT_PORT), here.home / "mail"
    with mailbox.running(mails) as box:
        own = environment(here, port)
        with running_airflow(here.home, PROJECT, own, say, port=port, smtp_port=box.port) as running:
            airflow = Airflow(running.url, running.password)
            yield RunningDemo(airflow, partial(mailbox.read, mails), running.url, running.password)


@contextmanager
def joined(airflow_url: str, mailpit_url: str, here: Settings, password: str) -> Iterator[RunningDemo]:
    """Connect to a running Airflow and Mailpit, which keep running after the block."""
    with Airflow(airflow_url, password, here.ui_user) as airflow:
        yield RunningDemo(
            airflow, partial(mailpit.read, mailpit_url), here.ui_url, password, keeps_running=True
        )
