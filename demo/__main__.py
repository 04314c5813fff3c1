"""The demo: history, a few nights, one of them broken, in an Airflow of its own or in the containers that run."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Annotated

import typer
from rich.console import Console

from contender.installation import Installation
from contender.orchestrator import ApiError
from contender.records import migrate
from contender.settings import Settings, settings
from contender.specs import dag_id, nightly_dag_ids
from demo import nights, stack, summary
from demo.comparison import compare_rows
from demo.mailbox import MailboxError
from demo.running import RunningDemo, embedded, joined
from demo.stack import StackError

# Wide enough for the tables where nobody told the width.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def main(
    count: Annotated[int, typer.Option("--nights", min=1, max=100, help="How many nights to live.")] = 3,
    leave: Annotated[bool, typer.Option("--exit", help="Stop by itself at the end.")] = False,
    airflow: Annotated[
        str, typer.Option(help="URL of an Airflow that runs already; its password in CONTENDER_UI_PASSWORD.")
    ] = "",
    mailpit: Annotated[str, typer.Option(help="URL of the Mailpit that gets the mail of that Airflow.")] = "",
) -> None:
    """Live through nights of 2013 on real flights. Status 0 only when everything came as expected.

    Example: python -m demo --nights 5 --exit
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if bool(airflow) != bool(mailpit):
        raise typer.BadParameter("--airflow and --mailpit go together")
    here, began = settings(), time.monotonic()

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {what}")

    if airflow:
        place = joined(airflow, mailpit, here, os.environ.get("CONTENDER_UI_PASSWORD", ""))
    else:
        place = embedded(here, say)
    try:
        broken = _run(place, here, count, leave, say)
    except (StackError, MailboxError, ApiError) as error:
        console.print(f"[red]{error}[/]")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        console.print("Interrupted; run it again to go on from here.")
        raise SystemExit(130) from None
    raise SystemExit(1 if broken else 0)


def _run(
    place: AbstractContextManager[RunningDemo], here: Settings, count: int, leave: bool, say: nights.Progress
) -> int:
    """Everything, from start to stop. Returns how many expectations were broken."""
    migrate(here.records)
    with stack.peak_memory() as peak, place as running:
        world = nights.World(Installation(here), running.airflow, running.read_mails, say)
        expectations = nights.Expectations()
        lived = _live(world, count, expectations)
        compare_rows(world, lived[-1].day, expectations)
        say("All that was published: compared with its origin, row for row")
        summary.show_expectations(console, expectations)
        summary.show_nights(console, lived)
        summary.show_mails(console, world.read_mails())
        if not running.runs_on:
            console.print(f"At most {peak() / 2**30:.1f} GiB of memory.")
        if not leave:
            _stay(world, running, lived[-1].day + timedelta(days=1))
    return len(expectations.broken)


def _live(world: nights.World, count: int, expectations: nights.Expectations) -> list[nights.Night]:
    dags = nightly_dag_ids(world.installation.catalog)
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


def _stay(world: nights.World, running: RunningDemo, tomorrow: date) -> None:
    """Keep the UI open, with one more night delivered for a person to start."""
    nights.deliver(world, tomorrow)
    console.print(
        f"\nThe Airflow UI is at [bold]{running.page}[/], user {stack.USER}, password {running.password}\n"
        f"One more night is delivered. Start it by hand, each with its partition key:\n"
        f"  {dag_id('ingest', 'departures')} {tomorrow}, {dag_id('ingest', 'weather')} {tomorrow}, "
        f"{dag_id('ingest', 'schedule')} {tomorrow + timedelta(days=1)}\n"
        "and watch the others follow. The same command again goes on from here."
    )
    if running.runs_on:
        return
    console.print("Ctrl-C stops everything; `make clean` forgets.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Stopping.")


def _interrupt(signum: int, frame: object) -> None:  # noqa: ARG001 - as signal calls it
    raise KeyboardInterrupt


if __name__ == "__main__":
    typer.run(main)
