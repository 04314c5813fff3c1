"""Run the demo: history and a few nights, one with a broken delivery, in an embedded or a running Airflow."""

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

from contender.embedded_airflow import USER, MailboxError, StackError
from contender.installation import Installation
from contender.orchestrator import ApiError
from contender.records import migrate
from contender.settings import Settings, settings
from contender.specs import dag_id, nightly_dag_ids
from demo import nights, summary
from demo.comparison import compare_rows
from demo.memory import peak_memory
from demo.running import RunningDemo, embedded, joined

# Wide enough for the tables if the output is not a terminal.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def main(
    count: Annotated[int, typer.Option("--nights", min=1, max=100, help="Number of nights to run.")] = 3,
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the last night.")] = False,
    airflow: Annotated[
        str,
        typer.Option(help="URL of a running Airflow. Its password is read from CONTENDER_UI_PASSWORD."),
    ] = "",
    mailpit: Annotated[
        str, typer.Option(help="URL of the Mailpit that receives the mail of that Airflow.")
    ] = "",
) -> None:
    """Run nights of 2013 on real flights. The exit status is 0 if all checks passed.

    Example: python -m demo --nights 5 --exit
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if bool(airflow) != bool(mailpit):
        raise typer.BadParameter("--airflow and --mailpit must be given together")
    here, began = settings(), time.monotonic()

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {what}")

    if airflow:
        place = joined(airflow, mailpit, here, os.environ.get("CONTENDER_UI_PASSWORD", ""))
    else:
        place = embedded(here, say)
    try:
        failed = _run(place, here, count, leave, say)
    except (StackError, MailboxError, ApiError) as error:
        console.print(f"[red]{error}[/]")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        console.print("Interrupted. Run the same command again to continue.")
        raise SystemExit(130) from None
    raise SystemExit(1 if failed else 0)


def _run(
    place: AbstractContextManager[RunningDemo], here: Settings, count: int, leave: bool, say: nights.Progress
) -> int:
    """Run the demo from start to stop, and return the number of failed checks."""
    migrate(here.records)
    with peak_memory() as peak, place as running:
        world = nights.World(Installation(here), running.airflow, running.read_mails, say)
        expectations = nights.Expectations()
        finished = _run_nights(world, count, expectations)
        compare_rows(world, finished[-1].day, expectations)
        say("All published rows: compared with their origin, row by row")
        summary.show_expectations(console, expectations)
        summary.show_nights(console, finished)
        summary.show_mails(console, world.read_mails())
        if not running.keeps_running:
            console.print(f"Peak memory: {peak() / 2**30:.1f} GiB")
        if not leave:
            _keep_open(world, running, finished[-1].day + timedelta(days=1))
    return len(expectations.failed)


def _run_nights(world: nights.World, count: int, expectations: nights.Expectations) -> list[nights.Night]:
    dags = nightly_dag_ids(world.installation.catalog)
    world.airflow.wait_for_dags(dags)
    for dag in sorted(dags):
        world.airflow.unpause(dag)
    if nights.has_history(world):
        world.say(f"History is loaded and a champion serves: continuing with {nights.first_night(world)}")
    else:
        nights.load_history(world, expectations)
    first = nights.first_night(world)
    last = min(first + timedelta(days=count - 1), nights.LAST_NIGHT)
    if last < first:
        raise ApiError("All nights of 2013 have been run. Run `make clean` to start again")
    broken = min(first + timedelta(days=1), last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [nights.run_night(world, day, expectations, broken=day == broken) for day in days]


def describe_next_night(night: date) -> str:
    """Return how a person starts a night whose files have been delivered."""
    keys = {"departures": night, "weather": night, "schedule": night + timedelta(days=1)}
    runs = ", ".join(f"{dag_id('ingest', dataset)} with {day}" for dataset, day in keys.items())
    return (
        "One more night is delivered. Trigger these DAGs, and fill in *Day* in their forms:\n"
        f"  {runs}\n"
        "The other DAGs follow by themselves."
    )


def _keep_open(world: nights.World, running: RunningDemo, tomorrow: date) -> None:
    """Keep the UI open, and deliver one more night that the user can start."""
    nights.deliver(world, tomorrow)
    console.print(
        f"\nThe Airflow UI is at [bold]{running.page}[/], user {USER}, password {running.password}\n"
        f"{describe_next_night(tomorrow)}\n"
        "Run the same command again to continue with more nights."
    )
    if running.keeps_running:
        return
    console.print("Press Ctrl-C to stop everything. `make clean` deletes the demo's data.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Stopping.")


def _interrupt(signum: int, frame: object) -> None:  # noqa: ARG001 - the signature of a signal handler
    raise KeyboardInterrupt


if __name__ == "__main__":
    typer.run(main)
