"""What help and the status cost: the `contender` command beside the bare imports that it needs.

python -m benchmarks.help        results in benchmarks/results/help.json

CPU seconds of a process, from its start to its end; the processes take turns, five times each. Ratios are what to read.
The status is that of a new installation of the example catalog.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from statistics import median
from typing import NamedTuple

from benchmarks.keeping import keep_rows
from contender.settings import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "help.json"
TIMES = 5
FLOOR = "import typer"
PROCESSES = {
    FLOOR: ["-c", FLOOR],
    "contender --help": ["-m", "contender.cli", "--help"],
    "contender backtest --help": ["-m", "contender.cli", "backtest", "--help"],
    "import pydantic_settings, sqlalchemy.orm": ["-c", "import pydantic_settings, sqlalchemy.orm"],
    "contender status": ["-m", "contender.cli", "status"],
}


class Measured(NamedTuple):
    """The CPU seconds of a process, and how many times those of the floor."""

    what: str
    seconds: float
    ratio: float


def main() -> None:
    """Measure, print, and keep the results."""
    found = measure()
    for one in found:
        print(f"{one.what}: {one.seconds:.2f} s, {one.ratio:.1f} times `{FLOOR}`")
    keep_rows(RESULTS, (one._asdict() for one in found))


def measure() -> list[Measured]:
    """Return the median CPU seconds of each process."""
    with tempfile.TemporaryDirectory() as home:
        run(["-m", "contender.cli", "migrate"], home)
        rounds = [{what: run(words, home) for what, words in PROCESSES.items()} for _ in range(TIMES)]
    seconds = {what: median(each[what] for each in rounds) for what in PROCESSES}
    return [
        Measured(what, round(spent, 2), round(spent / seconds[FLOOR], 1)) for what, spent in seconds.items()
    ]


def run(words: list[str], home: str) -> float:
    """Return the CPU seconds of a Python process with these arguments, for an installation in this folder."""
    before, here = os.times(), {"CONTENDER_HOME": home}
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True, env=os.environ | here)
    after = os.times()
    return (after.children_user + after.children_system) - (before.children_user + before.children_system)


if __name__ == "__main__":
    main()
