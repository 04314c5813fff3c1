"""Measure recovery from a change of the world: simulated breaks, and the crash of March 2020.

python -m benchmarks.recovery                       both tables in docs/RECOVERY.md
python -m benchmarks.recovery simulated --runs 50   a smaller simulation, printed and not stored
python -m benchmarks.recovery crash                 only the crash
"""

from __future__ import annotations

import argparse

from benchmarks.keeping import put_into
from benchmarks.recovery.crash import render_crash
from benchmarks.recovery.simulated import RUNS, render_simulated
from contender.settings import PROJECT

PAGE = PROJECT / "docs" / "RECOVERY.md"
SIMULATED = ("<!-- simulated: made by `make bench-recovery` -->", "<!-- end of simulated -->")
CRASH = ("<!-- crash: made by `make bench-recovery` -->", "<!-- end of crash -->")
TABLES = ("simulated", "crash")


def main() -> None:
    """Measure, print, and store the tables."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("tables", nargs="*", metavar="TABLE", help="simulated or crash; default: both")
    ask.add_argument("--runs", type=int, default=RUNS, help="simulated breaks of each case")
    given = ask.parse_args()
    if unknown := set(given.tables) - set(TABLES):
        ask.error(f"unknown table {', '.join(sorted(unknown))}: choose from {', '.join(TABLES)}")
    wanted = given.tables or TABLES
    if "simulated" in wanted:
        _show(render_simulated(given.runs), SIMULATED, store=given.runs == RUNS)
    if "crash" in wanted:
        _show(render_crash(), CRASH, store=True)


def _show(table: str, between: tuple[str, str], *, store: bool) -> None:
    print(table)
    if store:
        PAGE.write_text(put_into(PAGE.read_text(), table, *between))


if __name__ == "__main__":
    main()
