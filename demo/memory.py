"""Measure the memory of this process's descendants. Shared pages of forked processes are counted once (PSS)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import psutil


@contextlib.contextmanager
def peak_memory(pid: int | None = None, *, every: float = 1.0) -> Iterator[Callable[[], int]]:
    """Yield a function that returns the peak memory (bytes) of all descendants of `pid` so far."""
    root = psutil.Process(pid)
    peak = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, memory(root.pid))
            done.wait(every)

    sampler = threading.Thread(target=sample, name="peak-memory", daemon=True)
    sampler.start()
    try:
        yield lambda: peak
    finally:
        done.set()
        sampler.join()


def memory(pid: int | None = None) -> int:
    """Return the current memory (bytes, PSS) of all descendants of `pid`."""
    total = 0
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            figures = process.memory_full_info()
            total += getattr(figures, "pss", figures.uss)  # PSS exists only on Linux
    return total
