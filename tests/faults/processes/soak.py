"""Run many nights of the demo in one real Airflow, every third with a fault, and measure what grows.

python -m tests.faults.processes.soak                 60 nights, more than an hour; writes docs/FAULTS.md and its chart
python -m tests.faults.processes.soak --nights 3      fewer; writes nothing

The faults and their order follow from the seed. Each night must end right, and in the end all rows are compared with an
undisturbed build, as after the matrix.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil

from benchmarks.keeping import put_into
from contender.charts import draw_lines
from contender.embedded_airflow import read_state
from contender.settings import PROJECT
from demo import nights
from demo.memory import memory
from demo.nights import Expectations
from demo.weighing import DATABASE, LOGS, weigh
from tests.faults.processes.campaign import Outcome, find_wrong, run_night, running
from tests.faults.processes.faults import FAULTS, Fault

PAGE, CHART = PROJECT / "docs" / "FAULTS.md", PROJECT / "docs" / "faults-soak.svg"
BEGIN, END = "<!-- results of tests.faults.processes.soak -->", "<!-- end of soak -->"
NIGHTS, SEED, EVERY = 60, 7, 3  # a fault in every third night
FOLDERS = (DATABASE, LOGS, "records.db", "registry.db", "lake")
WARM = 5  # nights in which caches and pools fill


class Size(NamedTuple):
    """What an installation holds after a night: of its processes, and in its folders."""

    seconds: float
    memory_mb: float
    open_files: float
    airflow_mb: float  # Airflow's database
    logs_mb: float
    book_mb: float
    registry_mb: float
    lake_mb: float
    rest_mb: float


def main() -> int:
    """Run the command; the status is 1 if a night did not end right, or rows differ in the end."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.processes.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--nights", type=int, default=NIGHTS, help=f"default: {NIGHTS}")
    wanted = parser.parse_args().nights
    for noisy in ("pyiceberg", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {what}", flush=True)

    with tempfile.TemporaryDirectory(prefix="contender-soak-") as folder:
        outcomes, sizes, wrong = soak(Path(folder), choose_faults(wanted), say)
    print(results := render(outcomes, sizes, wrong))
    if wanted == NIGHTS:
        PAGE.write_text(put_into(PAGE.read_text(), results, BEGIN, END))
        CHART.write_text(draw(sizes))
    return int(bool(wrong) or any(outcome.broken for outcome in outcomes))


def choose_faults(number: int) -> list[Fault | None]:
    """Return the fault of each night: none in two of three, and each kind before one is repeated."""
    possible = [fault for fault in FAULTS if fault.needs in ("", "files")]
    chance, chosen = random.Random(SEED), list[Fault]()
    while len(chosen) < number:
        chosen += chance.sample(possible, len(possible))
    return [chosen[nth // EVERY] if nth % EVERY == EVERY - 1 else None for nth in range(number)]


def soak(
    home: Path, faults: Sequence[Fault | None], say: Callable[[str], None]
) -> tuple[list[Outcome], list[Size], list[str]]:
    """Run a night for each fault; return the outcomes, the sizes after each night, and what is wrong in the end."""
    outcomes, sizes = list[Outcome](), list[Size]()
    with running(home, {}, say) as (world, scene, file):
        nights.load_history(world, Expectations())
        for nth, fault in enumerate(faults):
            outcomes.append(run_night(world, scene, file, fault))
            sizes.append(measure(scene.stack.home, outcomes[-1].seconds))
            say(f"night {nth + 1}: {outcomes[-1].fault}: {outcomes[-1].broken or 'right'}; {sizes[-1]}")
        return outcomes, sizes, find_wrong(world)


def measure(home: Path, seconds: float) -> Size:
    """Return what an installation holds now."""
    mains = [psutil.Process(int(recorded["pid"])) for recorded in read_state(home).components.values()]
    held = weigh(home)
    folders = [_mb(held, name) for name in FOLDERS]
    folders.append(held.total() / 1e6 - sum(folders))
    return Size(
        seconds,
        sum(memory(main.pid) + main.memory_full_info().pss for main in mains) / 1e6,
        sum(process.num_fds() for main in mains for process in (main, *main.children(recursive=True))),
        *folders,
    )


def _mb(held: Mapping[str, int], name: str) -> float:
    """Return the megabytes of the part with this name, and of files that belong to it, such as a journal."""
    return sum(size for part, size in held.items() if part.partition("-")[0] == name) / 1e6


def grow(values: Sequence[float]) -> float:
    """Return the growth a night, as the median of the slopes between all pairs of nights (Theil and Sen)."""
    pairs = [(one, other) for other in range(len(values)) for one in range(other)]
    return median((values[other] - values[one]) / (other - one) for one, other in pairs) if pairs else 0.0


def render(outcomes: Sequence[Outcome], sizes: Sequence[Size], wrong: Sequence[str]) -> str:
    """Return the table."""
    broken = [f"{outcome.fault}: {'; '.join(outcome.broken)}" for outcome in outcomes if outcome.broken]
    faulty = sum(outcome.happened and outcome.fault != "none" for outcome in outcomes)
    lines = [
        f"{len(outcomes)} nights, {faulty} with a fault. Wrong nights: {'; '.join(broken) or 'none'}. Differences in "
        f"the end: {'; '.join(wrong) or 'none'}. The first {WARM} nights do not count for the growth.",
        "",
        "| after a night | first | last | growth a night |",
        "| --- | --- | --- | --- |",
    ]
    for name, values in _columns(sizes).items():
        lines.append(f"| {name} | {values[0]:.1f} | {values[-1]:.1f} | {grow(values[WARM:]):+.2f} |")
    return "\n".join([*lines, ""])


def draw(sizes: Sequence[Size]) -> str:
    """Return the chart: each figure relative to its value after the warm nights."""
    lines = {
        name: [(nth + 1, value / values[WARM]) for nth, value in enumerate(values)]
        for name, values in _columns(sizes).items()
        if values[WARM]
    }
    names = {float(night): str(night) for night in range(0, len(sizes) + 1, 10) if night}
    return draw_lines("Nights with faults", lines, names, y_name=f"in times night {WARM + 1}")


def _columns(sizes: Sequence[Size]) -> Mapping[str, list[float]]:
    names = {
        "seconds": "seconds of the night",
        "memory_mb": "memory of Airflow, MB",
        "open_files": "open files of Airflow",
        "airflow_mb": "Airflow's database, MB",
        "logs_mb": "Airflow's logs, MB",
        "book_mb": "book of record, MB",
        "registry_mb": "registry's database, MB",
        "lake_mb": "lake, MB",
        "rest_mb": "models, staging, raw files, reports, MB",
    }
    return {names[field]: [float(getattr(size, field)) for size in sizes] for field in Size._fields}


if __name__ == "__main__":
    sys.exit(main())
