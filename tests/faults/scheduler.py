"""Run tasks as Airflow does: attempts in processes of their own, the retry policy, and what follows a failure."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date

from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import AirflowTaskTimeout

from contender.alerting import (
    FailedTask,
    deliver_pending,
    raise_task_failure,
    report_success,
    review_incidents,
)
from contender.installation import Installation
from contender.records import Step
from contender.specs import Days, Verb, dag_id
from retries import RETRY_POLICY
from tests.faults.injection import Crash, Injector, Process
from tests.faults.tasks import Attempt, Json, Outside, Task, working_time
from tests.faults.world import MODEL, SALES

TRIES = 4  # as in plugins/wiring.py: three retries
ENDS = (Exception, AirflowTaskTimeout, Crash)  # of an attempt


class Stopped(Exception):  # noqa: N818 - it is a state, not a mistake
    """A task failed after its last try."""


class Swallowed(AssertionError):  # noqa: N818 - it is what happened
    """A handler of the engine went on after the end of its process."""


@dataclass
class Scheduler:
    """Runs the tasks of a night on an installation; faults happen in their attempts."""

    here: Installation
    night: date
    injector: Injector = field(default_factory=Injector)
    failed: set[str] = field(default_factory=set)  # tasks that failed after their last try

    def run_task(self, task: Task, outside: Outside) -> None:
        """Run a task as Airflow does, with retries. Raises Stopped after its last try, when its owner is notified."""
        error: BaseException
        for number in range(1, TRIES + 1):
            try:
                result = self._try(task, outside)
            except ENDS as raised:
                error = raised
                if isinstance(raised, Swallowed):
                    raise
                decided = RETRY_POLICY.evaluate(raised, try_number=number, max_tries=TRIES)
                if decided.action is RetryAction.FAIL:
                    break
                continue
            self.keep_result(task, result, outside)
            if task.title in self.failed:
                report_success(self.here, self._step_of(task))
            return
        self.injector.end_outage()
        self.failed.add(task.title)
        self._notify(task, outside, error)
        self.injector.mend_disk()
        raise Stopped(task.title) from error

    def _try(self, task: Task, outside: Outside) -> Json:
        """Run an attempt. If it is delayed, the next attempt's result counts, and this one's is lost."""
        following: list[Json | BaseException] = []

        def run_next_attempt() -> None:
            try:
                following.append(self.attempt(task, outside))
            except ENDS as error:
                following.append(error)

        self.injector.meanwhile = run_next_attempt
        try:
            result = self.attempt(task, outside)
        except ENDS as error:
            if not following:
                raise
            if isinstance(error, Swallowed):
                raise
        if not following:
            return result
        if isinstance(following[0], BaseException):
            raise following[0]
        return following[0]

    def attempt(self, task: Task, outside: Outside) -> Json:
        """Run an attempt in a process of its own, and return its result. Raises Swallowed."""
        process = Process(task.title)
        run = f"{task.verb} {outside.of} {self.night}"
        with self.injector.process(process):
            result = task.run(Attempt(self.here, run, self.night, outside, self.injector.reach))
        if process.dead:
            raise Swallowed(f"{task.title} went on after its process had died")
        return result

    def _notify(self, task: Task, outside: Outside, error: BaseException) -> None:
        """Do what the failure callback does after the last try."""
        step = self._step_of(task)
        failed = FailedTask(
            dag=step.dag,
            task=task.name,
            run=f"{task.verb} {outside.of} {self.night}",
            days="" if step.days is None else step.days.key,
            error=str(error),
            log_url="http://airflow",
            number=TRIES,
        )
        raise_task_failure(self.here, failed, MODEL.owner, error)
        self.review(outside)

    def _step_of(self, task: Task) -> Step:
        if task.verb in ("quarantine", "incidents"):
            return Step(dag=dag_id("operations", task.verb), task=task.name)
        verb: Verb = "ingest" if task.verb == "rejected" else task.verb  # type: ignore[assignment]
        subject = SALES.name if verb == "ingest" else MODEL.name
        return Step(dag=dag_id(verb, subject), days=Days.one(self.night), task=task.name)

    def review(self, outside: Outside) -> None:
        """Do what the periodic check does some minutes later, when the leases of dead senders are over."""
        here = self.here
        with closing(sqlite3.connect(here.settings.home / "records.db")) as book, book:
            book.execute("update alerts set leased_until = null")
        review_incidents(here, working_time())
        deliver_pending(here.book, {"mail": lambda alert: outside.received.append(alert.id)})

    def keep_result(self, task: Task, result: Json, outside: Outside) -> None:
        """Keep the result of a task that succeeded; a day is announced with it, as Airflow's asset events are."""
        outside.xcoms[task.title] = result
        if task.name == "announce" and result is not None:
            outside.announced.append(result)
