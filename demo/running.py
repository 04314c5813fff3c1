"""Where the demo runs: in an Airflow of its own on this machine, or in the containers that run already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from contender.orchestrator import Airflow
from contender.settings import PROJECT, Settings
from demo import mailbox, mailpit, stack
from demo.mailbox import Mail


@dataclass(frozen=True)
class RunningDemo:
    """A running Airflow, and what a person needs to look into it."""

    airflow: Airflow
    read_mails: Callable[[], Sequence[Mail]]
    page: str
    password: str = field(repr=False)
    runs_on: bool = False  # after the demo


def environment(here: Settings, port: int) -> dict[str, str]:
    """Return the settings of an embedded Airflow whose pages are on this port."""
    return {
        "CONTENDER_HOME": str(here.home),
        "CONTENDER_CATALOG_HOME": str(here.catalog_home),
        "CONTENDER_UI_URL": f"http://{stack.HOST}:{port}",
        "CONTENDER_NIGHTLY_FROM": "",  # nights are started by key, not by today's clock
    }


@contextmanager
def embedded(here: Settings, say: stack.Progress) -> Iterator[RunningDemo]:
    """An Airflow and a mailbox of this home, for as long as the block lasts."""
    port, mails = stack.free_port(stack.DEFAULT_PORT), here.home / "mail"
    with mailbox.running(mails) as box:
        own = environment(here, port)
        with stack.running(here.home, PROJECT, own, say, port=port, smtp_port=box.port) as running:
            airflow = Airflow(running.url, running.password)
            yield RunningDemo(airflow, partial(mailbox.read, mails), running.url, running.password)


@contextmanager
def joined(airflow_url: str, mailpit_url: str, here: Settings, password: str) -> Iterator[RunningDemo]:
    """What runs already, and runs on after the block."""
    with Airflow(airflow_url, password, here.ui_user) as airflow:
        yield RunningDemo(airflow, partial(mailpit.read, mailpit_url), here.ui_url, password, runs_on=True)
