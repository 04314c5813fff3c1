"""Measure the steps of a process: CPU seconds with those of its children, wall seconds, and peak memory."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Steps:
    """The CPU seconds of each named step of this process, children included."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the CPU seconds of a block to a step."""
        before = cpu_seconds()
        try:
            yield
        finally:
            self.cpu[name] = self.cpu.get(name, 0.0) + cpu_seconds() - before

    def report(self, result: dict[str, object]) -> str:
        """Return the figures of this process so far and its result, as one line of JSON."""
        figures = {
            "cpu": cpu_seconds(),
            "wall": time.perf_counter() - self._began,
            "peak_bytes": peak_bytes(),
            "steps": self.cpu,
        }
        return json.dumps({**figures, "result": result})


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_bytes() -> int:
    """Return the peak memory of this process; `ru_maxrss` would include that of the process that started it."""
    status = Path("/proc/self/status").read_text()
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak) * 1024
