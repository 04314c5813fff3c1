"""Run the nights of many seeds, and count what became of them."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.faults.injection import Fault
from tests.faults.nights import Result, World
from tests.faults.schedules import Plan, Schedule, make_plan, run_schedule

MEMORY = Path("/dev/shm")


class Count(NamedTuple):
    """How often a kind of fault at a place had an outcome; the place is a task or a store call."""

    kind: str
    place: str
    outcome: str


class Tally(NamedTuple):
    """The nights that were run, by what happened in them, and the invariants that were broken."""

    nights: Counter[str]
    faults: Counter[Count]
    broken: tuple[str, ...]
    cpu_seconds: float

    def joined_with(self, other: Tally) -> Tally:
        """Return both tallies as one."""
        return Tally(
            self.nights + other.nights,
            self.faults + other.faults,
            self.broken + other.broken,
            self.cpu_seconds + other.cpu_seconds,
        )


NOTHING = Tally(Counter(), Counter(), (), 0.0)


@contextmanager
def new_world() -> Iterator[World]:
    """Prepare a world in a temporary folder."""
    logging.disable(logging.WARNING)  # every fault would be logged
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        world = World.prepare(Path(folder))
        try:
            yield world
        finally:
            world.close()
            logging.disable(logging.NOTSET)


def run_seeds(world: World, plan: Plan, seeds: Iterable[int]) -> Tally:
    """Run the nights of these seeds in a world."""
    tally, begun = NOTHING, time.process_time()
    for seed in seeds:
        schedule = plan.schedule(seed)
        if schedule is not None:
            tally = tally.joined_with(_count(schedule, run_schedule(world, schedule)))
    return tally._replace(cpu_seconds=time.process_time() - begun)


def _count(schedule: Schedule, result: Result) -> Tally:
    if schedule.story is None:
        faults = [Count("correction", "features.*", result.outcome)]
    elif schedule.twice is not None:
        faults = [Count("twice at once", schedule.twice, result.outcome)]
    else:
        places = [(fault, place) for fault in result.happened for place in _places_of(fault)]
        faults = [Count(fault.kind, place, result.outcome) for fault, place in places]
    broken = tuple(f"{schedule}: {invariant}" for invariant in result.broken)
    return Tally(Counter([_sort(schedule)]), Counter(faults), broken, 0.0)


def _places_of(fault: Fault) -> tuple[str, str]:
    return fault.site.task, f"{fault.site.when} {fault.site.call}"


def _sort(schedule: Schedule) -> str:
    if schedule.story is None:
        return "a corrected delivery"
    if schedule.twice is not None:
        return "two attempts at once"
    return {1: "one fault", 2: "a pair of faults"}.get(len(schedule.faults), "three faults")


def choose_seeds(plan: Plan, nights: int) -> list[int]:
    """Return the seeds of this many nights: all single faults and pairs and then random ones, or a part of each."""
    singles = range(len(plan.singles))
    pairs = [len(singles) + number for number, pair in enumerate(plan.pairs) if pair is not None]
    first = len(singles) + len(plan.pairs)
    if nights >= len(singles) + len(pairs):
        return [*singles, *pairs, *range(first, first + nights - len(singles) - len(pairs))]
    chance = random.Random(nights)
    known = chance.sample([*singles, *pairs], nights * 4 // 5)
    return [*known, *range(first, first + nights - len(known))]


def choose_quick_seeds(plan: Plan, nights: int) -> list[int]:
    """Return the seeds of nights that cost little: mostly single faults, as many of each task as of any other."""
    chance, by_task = random.Random(nights), defaultdict(list)
    for seed, (_, fault) in enumerate(plan.singles):
        by_task[fault.site.task].append(seed)
    for seeds in by_task.values():
        chance.shuffle(seeds)
    alternating = (seed for seed in chain(*zip_longest(*by_task.values())) if seed is not None)
    first = len(plan.singles) + len(plan.pairs)
    others = nights // 50
    return [*islice(alternating, nights - others), *range(first, first + others)]


def run_part(part: tuple[Sequence[int], str]) -> Tally:
    """Run seeds in a new world of this process, and print how far it is."""
    seeds, name = part
    begun, tally = time.process_time(), NOTHING
    with new_world() as world:
        plan = make_plan(world)
        for first in range(0, len(seeds), 100):
            tally = tally.joined_with(run_seeds(world, plan, seeds[first : first + 100]))
            done = sum(tally.nights.values())
            print(f"{name}: {done} of {len(seeds)} nights, {len(tally.broken)} broken", flush=True)
    return tally._replace(cpu_seconds=time.process_time() - begun)


def run_campaign(plan: Plan, nights: int, workers: int) -> Tally:
    """Run nights in several processes."""
    seeds = choose_seeds(plan, nights)
    parts = [(seeds[number::workers], f"worker {number + 1}") for number in range(workers)]
    tally = NOTHING
    with ProcessPoolExecutor(workers) as pool:
        for part in pool.map(run_part, parts):
            tally = tally.joined_with(part)
    return tally
