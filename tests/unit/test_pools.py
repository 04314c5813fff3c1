"""Runs over a range of days use their own pool, so that a backfill leaves slots to the night."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from airflow_local_settings import task_instance_mutation_hook
from contender.settings import settings

NIGHT = {"partition_key": "2013-09-01", "conf": {}, "run_type": "scheduled"}
RANGE = {"partition_key": None, "conf": {"first": "2013-01-01", "last": "2013-08-31"}, "run_type": "manual"}


@pytest.fixture(autouse=True)
def ranges_pool(monkeypatch) -> Iterator[None]:
    monkeypatch.setenv("CONTENDER_RANGES_POOL", "ranges")
    settings.cache_clear()
    yield
    settings.cache_clear()


def pool_of(run, pool="default_pool"):
    task = SimpleNamespace(pool=pool, dag_run=None)
    task_instance_mutation_hook(task, SimpleNamespace(**run))
    return task.pool


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (NIGHT, "default_pool"),
        (NIGHT | {"conf": None}, "default_pool"),
        (NIGHT | {"conf": {"day": "2013-09-01", "first": None, "last": None}}, "default_pool"),
        (NIGHT | {"conf": {"day": "2013-09-01"}, "run_type": "manual"}, "default_pool"),
        (RANGE, "ranges"),
        (NIGHT | {"run_type": "backfill"}, "ranges"),
    ],
)
def test_only_ranges_of_days_leave_the_default_pool(run, expected):
    assert pool_of(run) == expected


def test_a_pool_that_a_task_names_itself_is_kept():
    assert pool_of(RANGE, pool="announcements") == "announcements"


def test_a_run_is_also_found_through_its_task():
    task = SimpleNamespace(pool="default_pool", dag_run=SimpleNamespace(**RANGE))
    task_instance_mutation_hook(task)
    assert task.pool == "ranges"
