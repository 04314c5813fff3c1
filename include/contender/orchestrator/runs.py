"""A DAG run as returned by the REST API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_ENDED = {"success", "failed"}


@dataclass(frozen=True)
class Run:
    """A DAG run."""

    dag_id: str
    run_id: str
    state: str
    run_type: str
    partition_key: str | None
    conf: Mapping[str, Any]
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether it has succeeded or failed."""
        return self.state in _ENDED

    @property
    def seconds(self) -> float | None:
        """Its duration, or None if it has not ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


def read_run(entry: Mapping[str, Any]) -> Run:
    """Parse a run from a response of the API."""
    return Run(
        dag_id=entry["dag_id"],
        run_id=entry["dag_run_id"],
        state=entry["state"],
        run_type=entry["run_type"],
        partition_key=entry.get("partition_key"),
        conf=entry.get("conf") or {},
        queued_at=_moment(entry["queued_at"]),
        started_at=_moment(entry["start_date"]),
        ended_at=_moment(entry["end_date"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
