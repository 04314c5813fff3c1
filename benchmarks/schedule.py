"""When predictions would be there with up to 10,000 models, by the number of task slots: a simulation.

python -m benchmarks.schedule          from the nights of `make bench-night`; writes the results and docs/SCALING.md
python -m benchmarks.schedule HOME     from the nights of your installation; printed, nothing is kept

Every model has the tasks and mean durations of the measured nights; five models share an input that arrives at a random
time before one o'clock, and each has a random deadline between two and six. Slots run tasks one after the other; of
those that wait, the first is chosen by the priority of tasks (`task_priority`), or by its age.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from benchmarks.keeping import keep_rows, put_into
from benchmarks.night.__main__ import HOME
from benchmarks.night.history import MODEL
from contender.installation import Installation
from contender.settings import PROJECT, Settings
from contender.specs import dag_id, parse_dag_id, task_priority

RESULTS = PROJECT / "benchmarks" / "results" / "schedule.json"
PAGE = PROJECT / "docs" / "SCALING.md"
BEGIN, END = "<!-- schedule: made by `python -m benchmarks.schedule` -->", "<!-- end of schedule -->"
SIZES = ((100, 1), (100, 2), (1_000, 8), (1_000, 16), (10_000, 80), (10_000, 160))  # models and slots
SHARED = 5  # models that read the same input
HOUR = 3600.0
ARRIVAL, DEADLINES, SEED = HOUR, (2 * HOUR, 6 * HOUR), 7
# What a DAG starts when it has ended.
FOLLOWERS: Mapping[str, Sequence[str]] = {
    "ingest": ("features",),
    "features": ("score", "retrain", "monitor"),
}
Row = dict[str, Any]


class Tasks(NamedTuple):
    """The tasks of a DAG in a night, which run one after the other: how many, and their mean seconds."""

    number: int
    seconds: float


class Outcome(NamedTuple):
    """What a night came to: seconds after midnight, and shares of the models."""

    scored: float
    ended: float
    in_time: float
    most_starts: int  # tasks that start in the busiest second


def main() -> None:
    """Simulate, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("home", nargs="?", type=Path, help="the folder of an installation")
    ask.add_argument("--model", default=MODEL, help="its model")
    given = ask.parse_args()
    night = read_tasks(Installation(Settings(home=given.home or HOME)), given.model)
    rows = [simulate_both(night, models, slots) for models, slots in SIZES]
    print(render(rows))
    if given.home is None:
        keep_rows(RESULTS, rows)
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def read_tasks(here: Installation, name: str) -> dict[str, Tasks]:
    """Return the tasks of each DAG of a mean night of a model, from the records of what tasks used."""
    model = here.catalog.model(name)
    seconds: dict[str, dict[Any, list[float]]] = defaultdict(lambda: defaultdict(list))
    for subject in (name, *(source.dataset for source in model.inputs if source.dataset)):
        newest = here.book.task_uses.newest_night(subject)
        for use in here.book.task_uses.since(subject, newest) if newest else ():
            seconds[parse_dag_id(use.dag).verb][use.dag].append(use.wall_seconds)
    if "score" not in seconds:
        raise SystemExit(
            f"{here.settings.home}: no night of {name} has recorded its tasks: run one in Airflow first"
        )
    return {
        verb: Tasks(round(mean(map(len, each.values()))), mean(one for its in each.values() for one in its))
        for verb, each in seconds.items()
    }


def simulate_both(night: Mapping[str, Tasks], models: int, slots: int) -> Row:
    """Return what a night comes to, in the order of priorities and in that of age."""
    row: Row = {"models": models, "slots": slots, "tasks": {verb: [*its] for verb, its in night.items()}}
    for order in ("priority", "age"):
        row[order] = simulate(night, models, slots, by_priority=order == "priority")._asdict()
    return row


def simulate(night: Mapping[str, Tasks], models: int, slots: int, *, by_priority: bool) -> Outcome:
    """Run a night of so many models on so many slots."""
    chance = random.Random(SEED)
    inputs = -(-models // SHARED)
    deadlines = {f"model_{nth}": int(chance.uniform(*DEADLINES) / 60) for nth in range(models)}
    arrivals = [chance.uniform(0, ARRIVAL) for _ in range(inputs)]
    for nth in range(inputs):
        readers = range(nth * SHARED, min(models, (nth + 1) * SHARED))
        deadlines[f"input_{nth}"] = min(deadlines[f"model_{one}"] for one in readers)
    events = [
        (at, nth, dag_id("ingest", f"input_{nth}"), night["ingest"].number) for nth, at in enumerate(arrivals)
    ]
    heapq.heapify(events)
    waiting: list[tuple[int, int, str, int]] = []
    scored: dict[str, float] = {}
    starts: dict[int, int] = defaultdict(int)
    free, number, now = slots, inputs, 0.0
    while events or waiting:
        while free and waiting:
            _, _, dag, left = heapq.heappop(waiting)
            free, number = free - 1, number + 1
            starts[int(now)] += 1
            ends = now + night[parse_dag_id(dag).verb].seconds
            heapq.heappush(events, (ends, number, f"done {dag}", left - 1))
        now, _, what, left = heapq.heappop(events)
        dag = what.removeprefix("done ")
        free += dag != what
        ready = [(dag, left)] if left else list(_follow(dag, night, models))
        if not left and parse_dag_id(dag).verb == "score":
            scored[parse_dag_id(dag).subject] = now
        for one, count in ready:
            number += 1
            rank = -task_priority(one, deadlines) if by_priority else 0
            heapq.heappush(waiting, (rank, number, one, count))
    in_time = mean(at <= deadlines[model] * 60 for model, at in scored.items())
    return Outcome(max(scored.values()), now, in_time, max(starts.values()))


def _follow(dag: str, night: Mapping[str, Tasks], models: int) -> Iterator[tuple[str, int]]:
    """Yield the DAGs that start when one has ended, with their tasks."""
    verb, subject = parse_dag_id(dag)
    subjects = [subject]
    if verb == "ingest":
        first = int(subject.removeprefix("input_")) * SHARED
        subjects = [f"model_{nth}" for nth in range(first, min(models, first + SHARED))]
    for following in FOLLOWERS.get(verb, ()):
        if following in night:
            yield from ((dag_id(following, one), night[following].number) for one in subjects)  # type: ignore[arg-type]


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page, with the measured tasks above it."""
    tasks = ", ".join(
        f"{verb} {count} of {seconds:.1f} s" for verb, (count, seconds) in rows[0]["tasks"].items()
    )
    head = (
        "models",
        "slots",
        "scored by",
        "in time",
        "night ends",
        "by age: scored by",
        "in time",
        "most starts a second",
    )
    lines = [f"Tasks of a model's night: {tasks}.", "", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for row in rows:
        ours, age = Outcome(**row["priority"]), Outcome(**row["age"])
        cells = (
            clock(ours.scored),
            f"{ours.in_time:.0%}",
            clock(ours.ended),
            clock(age.scored),
            f"{age.in_time:.0%}",
        )
        lines.append(
            f"| {row['models']:,} | {row['slots']} | {' | '.join(cells)} | {ours.most_starts} |".replace(
                "%", " %"
            )
        )
    return "\n".join([*lines, ""])


def clock(seconds: float) -> str:
    """Return a time of the night as hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02}"


if __name__ == "__main__":
    main()
