"""Run a module in a process of its own, so that its CPU time and memory are those of one measurement."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from contender.settings import PROJECT


def run_module(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Any:
    """Return the JSON in the last line that a module prints; `words` are its name and its arguments."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=PROJECT,
        env=os.environ | dict(environment or {}),
    )
    return json.loads(done.stdout.splitlines()[-1])


def peak_gb() -> float:
    """Return the most memory that this process held, in gigabytes. Its parent's peak counts, too: keep that small."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2)
