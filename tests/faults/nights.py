"""Run nights: undisturbed ones, from which every faulty night starts, and faulty ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal, NamedTuple, Self

from airflow.sdk.exceptions import AirflowTaskTimeout

from contender.installation import Installation
from tests.disks import Disk
from tests.faults.injection import Fault, Injector, Site, Turns
from tests.faults.invariants import INCIDENTS, Night, find_broken
from tests.faults.pure import remembering
from tests.faults.scheduler import Scheduler, Stopped, Swallowed
from tests.faults.state import Saved, State, are_equal, read_state, restore, save
from tests.faults.store_calls import instrumented
from tests.faults.tasks import (
    FEATURES,
    INGEST,
    MONITOR,
    NIGHTLY,
    RELEASED,
    RETRAIN,
    SCORE,
    Json,
    Outside,
    Task,
)
from tests.faults.world import NIGHT, SALES, create, deliver, load_history

Outcome = Literal["recovered", "stopped"]


class Story(NamedTuple):
    """A sequence of tasks, and its undisturbed run: the state before each task and after the last, and all sites."""

    name: str
    tasks: tuple[Task, ...]
    saved: tuple[Saved, ...]
    final: State
    sites: tuple[Site, ...]

    def place_of(self, fault: Fault) -> int:
        """Return the place of a fault's task in the sequence."""
        return next(place for place, task in enumerate(self.tasks) if task.title == fault.site.task)


class Result(NamedTuple):
    """What became of a faulty night."""

    outcome: Outcome
    happened: tuple[Fault, ...]
    broken: tuple[str, ...]


@dataclass
class World:
    """An installation in a folder of its own, and the stories that faulty nights are made of."""

    here: Installation
    folder: Path
    scheduler: Scheduler
    stories: dict[str, Story] = field(default_factory=dict)
    corrected: State | None = None  # after the undisturbed night whose delivery was corrected
    _patches: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def prepare(cls, folder: Path, disk: Disk | None = None) -> Self:
        """Create the installation, run the night before, and each story undisturbed. The lake may have a `disk`."""
        here, eve = create(folder), NIGHT - timedelta(days=1)
        world = cls(here, folder, Scheduler(here, eve, Injector(disk=disk)))
        world._patches.enter_context(instrumented(world.scheduler.injector.reach))
        world._patches.enter_context(remembering())
        load_history(here)
        deliver(here.settings, [eve])
        outside = Outside()
        for task in (*INGEST, *FEATURES, *RETRAIN, *MONITOR):
            world.scheduler.run_task(task, outside)
        world.scheduler.night = NIGHT
        start = save(here, Outside(), folder / "start")
        for name, tasks, shops in (("nightly", NIGHTLY, 12), ("released", RELEASED, 3)):
            restore(start, here)
            deliver(here.settings, [NIGHT], shops=shops)
            world.stories[name] = world._tell(name, tasks)
        world.run_with_correction(seed=None)
        return world

    def close(self) -> None:
        """Take the instruments off the stores' classes."""
        self._patches.close()

    def _tell(self, name: str, tasks: Sequence[Task]) -> Story:
        outside, saved, self.scheduler.injector.trace = Outside(), [], []
        for place, task in enumerate(tasks):
            saved.append(save(self.here, outside, self.folder / f"{name}-{place:02}"))
            self.scheduler.run_task(task, outside)
        saved.append(save(self.here, outside, self.folder / f"{name}-end"))
        sites = tuple(dict.fromkeys(self.scheduler.injector.trace))
        final = read_state(self.here, outside, with_rows=True)
        return Story(name, tuple(tasks), tuple(saved), final, sites)

    def run(self, story: Story, faults: Sequence[Fault]) -> Result:
        """Run the night of a story with faults, and return what became of it."""
        injector = self.scheduler.injector
        injector.pending, injector.happened, injector.trace = list(faults), [], []
        self.scheduler.failed = set()
        place = story.place_of(faults[0])
        outside, stopped, broken = restore(story.saved[place], self.here), False, []
        while place < len(story.tasks):
            happened = len(injector.happened)
            try:
                self.scheduler.run_task(story.tasks[place], outside)
            except Stopped:
                stopped = True
                broken += self._check_stopped(story, story.tasks[place].name, outside)
                self.scheduler.run_task(story.tasks[place], outside)  # its owner clears it
            except Swallowed as error:
                return self._end(stopped, [*broken, str(error)])
            place += 1
            following = [where for fault in injector.pending if (where := story.place_of(fault)) >= place]
            if len(injector.happened) == happened and injector.happened:
                continue
            if self._is_undisturbed(story, place, outside, stopped=stopped):
                if not following:
                    return self._end(stopped, broken)
                if following[0] > place:
                    place = following[0]
                    outside = restore(story.saved[place], self.here)
        return self._end(stopped, broken + self._check_ended(story, outside))

    def run_twice_at_once(self, story: Story, place: int, seed: int) -> Result:
        """Run two attempts of a task that take turns at every store call; the second one's result counts."""
        outside, task = restore(story.saved[place], self.here), story.tasks[place]
        results: dict[str, Json] = {}

        def attempt() -> None:
            results[threading.current_thread().name] = self.scheduler.attempt(task, outside)

        failed = self._take_turns(seed, {"first": attempt, "second": attempt})
        if "second" in failed:
            self.scheduler.run_task(task, outside)
        else:
            self.scheduler.keep_result(task, results["second"], outside)
        for place_of_next in range(place + 1, len(story.tasks)):
            if self._is_undisturbed(story, place_of_next, outside, stopped=False):
                return Result("recovered", (), ())
            self.scheduler.run_task(story.tasks[place_of_next], outside)
        return Result("recovered", (), tuple(self._check_ended(story, outside)))

    def run_with_correction(self, seed: int | None) -> Result:
        """Build features while the delivery is corrected, and repeat the night; without a seed, one after the other."""
        story = self.stories["nightly"]
        first, correction = restore(story.saved[len(INGEST)], self.here), Outside(of="correction")
        deliver(self.here.settings, [NIGHT], extra=1.0)
        both = {
            "features": lambda: self._run_all(FEATURES, first),
            "correction": lambda: self._run_all(INGEST, correction),
        }
        failed = self._take_turns(seed, both)
        again = Outside(of="night again")
        broken = [f"{name} failed: {error!r}" for name, error in failed.items()]
        if f"datasets.{SALES.name} {NIGHT}" not in correction.announced:
            broken.append("the correction was not announced")
        self._run_all((*FEATURES, *SCORE, *RETRAIN, *MONITOR), again)
        again.announced = []  # both announce the same days, as they must
        self.scheduler.review(again)
        after = read_state(self.here, again, with_rows=True)
        if seed is None:
            self.corrected = after
        assert self.corrected is not None
        night = Night(story.saved[0].state, after, self.corrected)
        return Result("recovered", (), (*broken, *find_broken(night)))

    def _run_all(self, tasks: Sequence[Task], outside: Outside) -> None:
        for task in tasks:
            self.scheduler.run_task(task, outside)

    def _take_turns(
        self, seed: int | None, actors: dict[str, Callable[[], None]]
    ) -> dict[str, BaseException]:
        """Run actors in threads that take turns; without a seed, one after the other. Return their errors."""
        failed: dict[str, BaseException] = {}
        self.scheduler.injector.pending, self.scheduler.injector.happened = [], []
        if seed is None:
            for act in actors.values():
                act()
            return failed
        turns = self.scheduler.injector.turns = Turns(seed, list(actors))

        def play(name: str, act: Callable[[], None]) -> None:
            turns.begin()
            try:
                act()
            except (Exception, AirflowTaskTimeout) as error:
                failed[name] = error
            finally:
                turns.end()

        threads = [threading.Thread(target=play, args=pair, name=pair[0]) for pair in actors.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.scheduler.injector.turns = None
        return failed

    def _end(self, stopped: bool, broken: Sequence[str]) -> Result:
        self.scheduler.injector.mend_disk()
        happened = tuple(self.scheduler.injector.happened)
        outcome: Outcome = "stopped" if stopped else "recovered"
        return Result(outcome, happened, tuple(broken))

    def _is_undisturbed(self, story: Story, place: int, outside: Outside, *, stopped: bool) -> bool:
        """Return whether the rest of the night would be that of the undisturbed night."""
        ours, theirs = read_state(self.here, outside), story.saved[place].state
        if stopped:
            ours, theirs = _without_incidents(ours), _without_incidents(theirs)
        return are_equal(ours, theirs)

    def _check_stopped(self, story: Story, failed: str, outside: Outside) -> list[str]:
        after = read_state(self.here, outside)
        return find_broken(Night(story.saved[0].state, after, story.final, failed))

    def _check_ended(self, story: Story, outside: Outside) -> list[str]:
        self.scheduler.review(outside)
        after = read_state(self.here, outside, with_rows=True)
        return find_broken(Night(story.saved[0].state, after, story.final))


def _without_incidents(state: State) -> State:
    book = {name: rows for name, rows in state.book.items() if name not in INCIDENTS}
    outside = replace(state.outside, received=[])
    return state._replace(book=book, outside=outside)
