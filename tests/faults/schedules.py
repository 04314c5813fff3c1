"""What happens in the night of a seed: one fault, two, three, or two actors at once.

The first seeds are every kind of fault at every site, then come all ordered pairs of named points (a store call, before
or after), then random nights without an end.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from tests.faults.injection import KINDS, Fault, Kind, Site
from tests.faults.nights import Result, Story, World

IN_PAIRS: tuple[Kind, ...] = ("crash", "error", "time limit", "delay")
Point = tuple[str, str]


class Schedule(NamedTuple):
    """A night to run: faults in a story; or two attempts of a task at once; or, without a story, a correction."""

    seed: int
    story: str | None
    faults: tuple[Fault, ...] = ()
    twice: str | None = None

    def __str__(self) -> str:
        if self.story is None:
            return f"seed {self.seed}: the delivery is corrected while features are built"
        if self.twice is not None:
            return f"seed {self.seed}: two attempts of {self.twice} at once"
        return f"seed {self.seed}: " + ", then ".join(map(str, self.faults))


class Plan(NamedTuple):
    """The nights that seeds stand for: single faults, then pairs (None where no night has both), then random ones."""

    stories: tuple[Story, ...]
    singles: tuple[tuple[str, Fault], ...]
    pairs: tuple[tuple[str, Site, Site] | None, ...]

    def schedule(self, seed: int) -> Schedule | None:
        """Return the night of a seed, or None for a pair of points that no night comes to in this order."""
        chance = random.Random(seed)
        if seed < len(self.singles):
            story, fault = self.singles[seed]
            return Schedule(seed, story, (fault,))
        if seed < len(self.singles) + len(self.pairs):
            pair = self.pairs[seed - len(self.singles)]
            if pair is None:
                return None
            kinds = chance.choices(IN_PAIRS, k=2)
            return Schedule(seed, pair[0], tuple(map(Fault, kinds, pair[1:])))
        return self._draw(seed, chance)

    def _draw(self, seed: int, chance: random.Random) -> Schedule:
        story, kind = chance.choice(self.stories), chance.random()
        if kind < 0.05:
            return Schedule(seed, None)
        if kind < 0.4:
            return Schedule(seed, story.name, twice=chance.choice(story.tasks).title)
        sites = sorted(chance.sample(range(len(story.sites)), 3))
        drawn = tuple(Fault(chance.choice(IN_PAIRS), story.sites[place]) for place in sites)
        return Schedule(seed, story.name, drawn)


def make_plan(world: World) -> Plan:
    """Return the plan of a world's stories."""
    stories = tuple(world.stories.values())
    singles = tuple(
        (story.name, Fault(kind, site)) for kind in KINDS for story in stories for site in story.sites
    )
    points = sorted({site.point for story in stories for site in story.sites})
    pairs = tuple(_find_pair(stories, *pair) for pair in product(points, points))
    return Plan(stories, singles, pairs)


def _find_pair(stories: Sequence[Story], first: Point, second: Point) -> tuple[str, Site, Site] | None:
    """Return two sites of these points in the same task or, if there is none, in tasks near each other."""
    found: list[tuple[int, int, str, Site, Site]] = []
    for number, story in enumerate(stories):
        places = {task.title: place for place, task in enumerate(story.tasks)}
        ours, others = ([site for site in story.sites if site.point == point] for point in (first, second))
        found += [
            (apart, number, story.name, one, other)
            for one, other in product(ours, others)
            if (apart := places[other.task] - places[one.task]) >= 0
        ]
    return min(found)[2:] if found else None


def run_schedule(world: World, schedule: Schedule) -> Result:
    """Run the night of a schedule."""
    if schedule.story is None:
        return world.run_with_correction(schedule.seed)
    story = world.stories[schedule.story]
    if schedule.twice is not None:
        place = next(place for place, task in enumerate(story.tasks) if task.title == schedule.twice)
        return world.run_twice_at_once(story, place, schedule.seed)
    return world.run(story, schedule.faults)
