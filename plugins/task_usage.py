"""Record what each task used, once it has ended: CPU seconds, wall time and memory of its process and its children."""

from __future__ import annotations

import logging
import resource
import sys
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

log = logging.getLogger(__name__)


@hookimpl
def on_task_instance_success(task_instance: Any) -> None:
    """Record a task that has succeeded."""
    record_use(task_instance)


@hookimpl
def on_task_instance_skipped(task_instance: Any) -> None:
    """Record a task that was skipped; it may have worked before it found that there was nothing to do."""
    record_use(task_instance)


@hookimpl
def on_task_instance_failed(task_instance: Any) -> None:
    """Record a try that has failed; it was paid for, too."""
    record_use(task_instance)


def record_use(task_instance: Any) -> None:
    """Store what this process and its ended children have used; a book that cannot be written fails no task."""
    from sqlalchemy.exc import SQLAlchemyError

    from contender.errors import PermanentError
    from contender.installation import open_installation
    from contender.records import BookError, TaskUse
    from contender.specs import parse_dag_id

    ended = datetime.now(UTC)
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    use = TaskUse(
        subject=parse_dag_id(task_instance.dag_id).subject,
        dag=task_instance.dag_id,
        run=task_instance.run_id,
        task=task_instance.task_id,
        number=task_instance.try_number,
        night=_night(task_instance),
        cpu_seconds=own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
        wall_seconds=max(0.0, (ended - task_instance.start_date).total_seconds()),
        peak_bytes=max(own.ru_maxrss, children.ru_maxrss) * 1024,  # Linux counts in kibibytes
        at=ended,
    )
    try:
        open_installation().book.task_uses.add(use)
    except (SQLAlchemyError, BookError, PermanentError) as error:
        log.warning("What the task used was not recorded, so its cost is unknown: %s", error)


def _night(task_instance: Any) -> date | None:
    key = task_instance.get_template_context()["dag_run"].partition_key
    try:
        return None if key is None else date.fromisoformat(key)
    except ValueError:  # a key of several days, which are no night
        return None


class TaskUsage(AirflowPlugin):
    """Have Airflow call the functions above in the process of each task."""

    name = "contender_task_usage"
    listeners: ClassVar[list[Any]] = [sys.modules[__name__]]
