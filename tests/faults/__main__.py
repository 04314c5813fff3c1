"""Run faulty nights, and write what became of them into docs/FAULTS.md.

python -m tests.faults                    run 10,000 nights
python -m tests.faults --nights 3000      run fewer: a part of all single faults and pairs, and random nights
python -m tests.faults --seed 4711        run one night; print its schedule and the invariants that it breaks
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.keeping import put_into
from contender.settings import PROJECT
from tests.faults.campaign import new_world, run_campaign
from tests.faults.page import BEGIN, END, render_results
from tests.faults.schedules import make_plan, run_schedule

PAGE = PROJECT / "docs" / "FAULTS.md"


def main() -> int:
    """Run the command; the status is 1 if an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--nights", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, help="run the night of this seed only")
    chosen = parser.parse_args()
    return run_all(chosen.nights, chosen.workers) if chosen.seed is None else replay(chosen.seed)


def replay(seed: int) -> int:
    """Run the night of a seed, and print what happened in it."""
    with new_world() as world:
        schedule = make_plan(world).schedule(seed)
        if schedule is None:
            print(f"seed {seed}: no night comes to these two points in this order")
            return 0
        print(schedule)
        result = run_schedule(world, schedule)
    print(result.outcome, *(f"BROKEN {invariant}" for invariant in result.broken), sep="\n")
    return 1 if result.broken else 0


def run_all(nights: int, workers: int) -> int:
    """Run many nights, and write the page unless an invariant was broken."""
    with new_world() as world:
        plan = make_plan(world)
    tally = run_campaign(plan, nights, workers)
    if tally.broken:
        print(*tally.broken, sep="\n")
        return 1
    PAGE.write_text(put_into(PAGE.read_text(), render_results(tally), BEGIN, END))
    print(f"{PAGE}: {sum(tally.nights.values())} nights")
    return 0


if __name__ == "__main__":
    sys.exit(main())
