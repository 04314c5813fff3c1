"""Stores are created by whichever process comes first, even if several come at the same time."""

from __future__ import annotations

import multiprocessing
from threading import Barrier

from contender.lake import open_lake
from contender.records import migrate, open_book
from contender.registry import open_registry
from contender.settings import Settings

PROCESSES = 3


def use_stores(here: Settings, start: Barrier) -> None:
    """Open every store at the same moment as the other processes, and ask it something."""
    start.wait()
    assert open_registry(here).champion("churn") is None
    start.wait()
    assert open_lake(here).snapshot("raw.orders") is None
    start.wait()
    migrate(here.records)
    assert open_book(here.records).ledger.champion("churn") is None


def test_processes_that_open_new_stores_at_the_same_time_all_succeed(tmp_path, database):
    here = Settings(home=tmp_path / "home", records=database)
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(PROCESSES, timeout=120)
    processes = [spawn.Process(target=use_stores, args=(here, start)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
