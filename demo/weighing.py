"""What an installation holds on disk."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path

DATABASE, LOGS = "Airflow's database", "Airflow's logs"


def weigh(home: Path) -> Counter[str]:
    """Return the bytes of Airflow's database and of its logs, and those of each other file and folder of the home."""
    held = Counter[str]()
    for file in home.rglob("*"):
        part, *_ = file.relative_to(home).parts
        if part == "airflow":
            part = DATABASE if file.name.startswith("airflow.db") else LOGS
        with contextlib.suppress(FileNotFoundError):  # of a process that has just ended
            held[part] += file.stat().st_size if file.is_file() else 0
    return held
