"""A small client of Airflow's REST API: start runs, wait for them, and report failures in detail."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TypeVar

import httpx

from contender.orchestrator.runs import Run, read_run
from contender.orchestrator.session import ApiError, Session

T = TypeVar("T")

_POLL_SECONDS = 0.7


class Airflow(AbstractContextManager["Airflow"]):
    """A session with one Airflow, which logs in with the first request."""

    def __init__(self, url: str, password: str, user: str = "admin") -> None:
        self._session = Session(url, password, user)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Send a request below /api/v2 and return the decoded response."""
        return self.call(method, f"/api/v2{path}", **options)

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Send a request to any of Airflow's APIs and return the decoded response."""
        answer = self._session.send(method, path, **options)
        if not answer.is_success:
            raise ApiError(_refusal(method, path.removeprefix("/api/v2"), answer))
        return answer.json() if answer.content else None

    def pages(self, path: str, key: str, **params: Any) -> list[dict[str, Any]]:
        """Return all entries of a list of any of Airflow's APIs, which return at most 100 at once."""
        entries: list[dict[str, Any]] = []
        while True:
            page = self.call("GET", path, params={**params, "limit": 100, "offset": len(entries)})
            entries += page[key]
            if not page[key] or len(entries) >= (page.get("total_entries") or 0):
                return entries

    def trigger(
        self,
        dag_id: str,
        *,
        partition_key: str | None = None,
        conf: Mapping[str, Any] | None = None,
        run_id: str | None = None,
    ) -> Run:
        """Start a run and return it."""
        own_id = _new_run_id(partition_key)
        body = {
            "dag_run_id": run_id or own_id,
            "logical_date": None,
            "partition_key": partition_key,
            "conf": dict(conf or {}),
        }
        path = f"/dags/{dag_id}/dagRuns"
        answer = self._session.send("POST", f"/api/v2{path}", json=body)
        if answer.status_code == httpx.codes.CONFLICT and run_id is None:
            return self.run(dag_id, own_id)  # only this call uses this id: an earlier try was received
        if not answer.is_success:
            raise ApiError(_refusal("POST", path, answer))
        return read_run(answer.json())

    def run(self, dag_id: str, run_id: str) -> Run:
        """Return the current state of a run."""
        return read_run(self.request("GET", f"/dags/{dag_id}/dagRuns/{run_id}"))

    def runs(self, dag_id: str, partition_key: str | None = None) -> list[Run]:
        """Return the runs of a DAG (of one partition key, if given), oldest first."""
        filters = {} if partition_key is None else {"partition_key_pattern": partition_key}
        found = self.pages(f"/api/v2/dags/{dag_id}/dagRuns", "dag_runs", order_by="id", **filters)
        runs = [read_run(entry) for entry in found]
        return [run for run in runs if partition_key in (None, run.partition_key)]

    def wait(self, dag_id: str, run_id: str, timeout: float = 300.0, *, must_succeed: bool = True) -> Run:
        """Wait until a run has ended and return it. A failed run raises ApiError unless `must_succeed` is False."""

        def ended() -> Run | None:
            run = self.run(dag_id, run_id)
            return run if run.ended else None

        run = _poll(ended, timeout)
        if run is None:
            raise ApiError(self._overdue(dag_id, run_id, timeout))
        if must_succeed and run.state != "success":
            raise ApiError(self.explain_failure(run))
        return run

    def wait_for_partition_run(
        self,
        dag_id: str,
        partition_key: str,
        timeout: float = 300.0,
        *,
        after: datetime | Collection[str] = (),
        must_succeed: bool = True,
    ) -> Run:
        """Wait until the run that the scheduler creates for a partition key has ended, and return it.

        `after` excludes old runs: those queued up to this time, or those with these run ids.
        """
        deadline = time.monotonic() + timeout

        def made() -> Run | None:
            fresh = [run for run in self.runs(dag_id, partition_key) if _is_fresh(run, after)]
            return fresh[-1] if fresh else None

        run = _poll(made, timeout)
        if run is None:
            raise ApiError(
                f"{dag_id}: no run for {partition_key} was created in {timeout:.0f} s. "
                "Check that it is unpaused, and that all its upstream assets were announced for this key"
            )
        return self.wait(dag_id, run.run_id, max(deadline - time.monotonic(), 1.0), must_succeed=must_succeed)

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the state of each task of a run; a mapped task is named `task[index]`."""
        return {_task_name(entry): entry["state"] or "none" for entry in self._tasks(dag_id, run_id)}

    def task_log(
        self, dag_id: str, run_id: str, task_id: str, *, attempt: int | None = None, map_index: int = -1
    ) -> str:
        """Return the log of a task (by default of its last attempt), one event per line."""
        if attempt is None:
            attempt = self._attempt(dag_id, run_id, task_id, map_index)
        log = self.request(
            "GET",
            f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}",
            params={"full_content": True, "map_index": map_index},
            headers={"Accept": "application/json"},
        )
        return "\n".join(line for event in log["content"] for line in _lines(event))

    def explain_failure(self, run: Run) -> str:
        """Return which task of a failed run failed first, and the end of its log."""
        ended = f"{run.dag_id}, run {run.run_id} {run.state}"
        failed = [entry for entry in self._tasks(run.dag_id, run.run_id) if entry["state"] == "failed"]
        if not failed:
            return f"{ended}: no task failed by itself; states: {self.task_states(run.dag_id, run.run_id)}"
        first = min(failed, key=lambda entry: entry["end_date"] or "")
        log = self.task_log(
            run.dag_id,
            run.run_id,
            first["task_id"],
            attempt=first["try_number"],
            map_index=first["map_index"],
        )
        end = "\n".join(log.splitlines()[-15:])
        return f"{ended}: task {_task_name(first)} failed. The end of its log:\n{end}"

    def unpause(self, dag_id: str) -> None:
        """Unpause a DAG."""
        self.request("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def is_paused(self, dag_id: str) -> bool:
        """Return whether a DAG is paused, so that its runs stay queued."""
        return bool(self.request("GET", f"/dags/{dag_id}")["is_paused"])

    def dags(self) -> set[str]:
        """Return the ids of all DAGs."""
        return {str(entry["dag_id"]) for entry in self.pages("/api/v2/dags", "dags", order_by="dag_id")}

    def wait_for_dags(self, ids: Collection[str], timeout: float = 300.0) -> None:
        """Wait until Airflow has parsed these DAGs. Raises ApiError at once if a DAG file cannot be imported."""

        def read() -> bool:
            missing = set(ids) - self.dags()
            if missing and (errors := self.import_errors()):
                raise ApiError("\n".join(f"{file} cannot be imported: {why}" for file, why in errors.items()))
            return not missing

        if not _poll(read, timeout):
            missing = ", ".join(sorted(set(ids) - self.dags()))
            raise ApiError(f"Airflow has not found these DAGs in {timeout:.0f} s: {missing}")

    def tasks(self, **filters: Any) -> list[dict[str, Any]]:
        """Return the tasks of all runs as Airflow describes them, in the order of their starts, by its own filters."""
        path = "/api/v2/dags/~/dagRuns/~/taskInstances"
        return self.pages(path, "task_instances", order_by="start_date", **filters)

    def import_errors(self) -> dict[str, str]:
        """Return the import errors by DAG file."""
        found = self.pages("/api/v2/importErrors", "import_errors")
        return {str(entry["filename"]): str(entry["stack_trace"]).strip() for entry in found}

    def _tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        return self.pages(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances")

    def _attempt(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> int:
        for entry in self._tasks(dag_id, run_id):
            if (entry["task_id"], entry["map_index"]) == (task_id, map_index):
                return int(entry["try_number"])
        raise ApiError(f"{dag_id}, run {run_id} has no task {task_id}.")

    def _overdue(self, dag_id: str, run_id: str, timeout: float) -> str:
        states = self.task_states(dag_id, run_id)
        pending = {task: state for task, state in states.items() if state not in {"success", "skipped"}}
        waiting = pending or "its start"
        return f"{dag_id}, run {run_id} has not ended in {timeout:.0f} s; waiting for {waiting}"


def _poll(ask: Callable[[], T | None], timeout: float) -> T | None:
    deadline = time.monotonic() + timeout
    while not (answer := ask()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return answer


def _new_run_id(partition_key: str | None) -> str:
    """Return a new run id, chosen here so that a repeated request cannot start a second run."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return "__".join(filter(None, ["manual", moment, partition_key, secrets.token_hex(4)]))


def _is_fresh(run: Run, after: datetime | Collection[str]) -> bool:
    if isinstance(after, datetime):
        return run.queued_at is not None and run.queued_at > after
    return run.run_id not in after


def _task_name(entry: Mapping[str, Any]) -> str:
    index = entry["map_index"]
    return str(entry["task_id"]) if index < 0 else f"{entry['task_id']}[{index}]"


def _lines(event: Any) -> list[str]:
    """Return a logged event as text, including its errors."""
    if isinstance(event, str):
        return [event]
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in event.get("error_detail") or []]
    return [str(event.get("event", "")), *errors]


def _refusal(method: str, path: str, answer: httpx.Response) -> str:
    try:
        detail = answer.json().get("detail")
    except (ValueError, AttributeError):
        detail = answer.text[:300]
    return f"Airflow rejects {method} {path} with {answer.status_code}: {detail}"
