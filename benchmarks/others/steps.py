"""A step of the chain: read the file of the step before, and write one. It imports nothing but the standard library."""

from __future__ import annotations

from pathlib import Path


def run_step(folder: str, number: int) -> int:
    """Write the file of a step, counted from 1, and return its number."""
    before = 0 if number == 1 else int((Path(folder) / f"{number - 1}.txt").read_text())
    (Path(folder) / f"{number}.txt").write_text(str(before + 1))
    return before + 1
