"""The demo: history, a few nights, one of them broken, in an Airflow of its own on this machine."""

from __future__ import annotations

import signal
import sys
import time
from datetime import date, timedelta
from typing import Annotated

import typer
from rich.console import Console

from contender.lake import open_lake
from contender.orchestrator import Airflow, ApiError
from contender.records import migrate, open_book
from contender.registry import open_registry
from contender.settings import PROJECT, settings
from contender.specs import Catalog, load_catalog
from demo import mailbox, nights, stack, summary
from demo.mailbox import MailboxError
from demo.stack import StackError

# Wide enough for the tables where nobody told the width.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def main(
    count: Annotated[int, typer.Option("--nights", min=1, max=100, help="How many nights to live.")] = 3,
    leave: Annotated[bool, typer.Option("--exit", help="Stop by itself at the end.")] = False,
) -> None:
    """Live through nights of 2013 on real flights. Status 0 only when everything came as expected.

    Example: python -m demo --nights 5 --exit
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        broken = _run(count, leave)
    except (StackError, MailboxError, ApiError) as error:
        console.print(f"[red]{error}[/]")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        console.print("Interrupted; run it again to go on from here.")
        raise SystemExit(130) from None
    raise SystemExit(1 if broken else 0)


def _run(count: int, leave: bool) -> int:
    """Everything, from start to stop. Returns how many expectations were broken."""
    here, began = settings(), time.monotonic()
    catalog = load_catalog(here.catalog_home)

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {what}")

    migrate(here.records)
    stores = (open_lake(here), open_registry(here), open_book(here.records))
    port = stack.free_port(stack.DEFAULT_PORT)
    mails = here.home / "mail"
    with mailbox.running(mails) as box, stack.peak_memory() as peak:
        own = {
            "CONTENDER_HOME": str(here.home),
            "CONTENDER_UI_URL": f"http://{stack.HOST}:{port}",
            "CONTENDER_NIGHTLY_FROM": "",  # nights are started by key, not by today's clock
        }
        with stack.running(here.home, PROJECT, own, say, port=port, smtp_port=box.port) as running:
            airflow = Airflow(running.url, running.password)
            world = nights.World(here, catalog, *stores, airflow, mails, say)
            expectations = nights.Expectations()
            lived = _live(world, count, expectations)
            took = time.monotonic() - began
            summary.show_expectations(console, expectations)
            summary.show_nights(console, lived)
            summary.show_mails(console, mailbox.read(mails))
            console.print(f"{took:.0f} s, at most {peak() / 2**30:.1f} GiB of memory.")
            if not leave:
                _stay(world, running, lived[-1].day + timedelta(days=1))
    return len(expectations.broken)


def _live(world: nights.World, count: int, expectations: nights.Expectations) -> list[nights.Night]:
    dags = _dags(world.catalog)
    world.airflow.wait_for_dags(dags)
    for dag in sorted(dags):
        world.airflow.unpause(dag)
    if nights.has_history(world):
        world.say(f"History is loaded and a champion serves: going on from {nights.first_night(world)}")
    else:
        nights.load_history(world, expectations)
    first = nights.first_night(world)
    last = min(first + timedelta(days=count - 1), nights.LAST_NIGHT)
    if last < first:
        raise ApiError("The year 2013 has been lived through: `make clean` forgets it.")
    broken = min(first + timedelta(days=1), last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [nights.live_night(world, day, expectations, broken=day == broken) for day in days]


def _dags(catalog: Catalog) -> set[str]:
    ingested = {f"ingest__{name}" for name in catalog.datasets}
    verbs = ("features", "score", "retrain", "monitor")
    return ingested | {f"{verb}__{name}" for name in catalog.models for verb in verbs}


def _stay(world: nights.World, running: stack.Stack, tomorrow: date) -> None:
    """Keep the UI open, with one more night delivered for a person to start."""
    nights.deliver(world, tomorrow)
    console.print(
        f"\nThe Airflow UI is at [bold]{running.url}[/], user {stack.USER}, password {running.password}\n"
        f"One more night is delivered. Start it by hand, each with its partition key:\n"
        f"  ingest__departures {tomorrow}, ingest__weather {tomorrow}, "
        f"ingest__schedule {tomorrow + timedelta(days=1)}\n"
        "and watch the others follow. Ctrl-C stops everything; `make demo` goes on, `make clean` forgets."
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Stopping.")


def _interrupt(signum: int, frame: object) -> None:  # noqa: ARG001 - as signal calls it
    raise KeyboardInterrupt


if __name__ == "__main__":
    typer.run(main)
