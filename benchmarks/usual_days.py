"""How often a gate reports a true day as unusual, and how often it notices a column that is emptied or set constant.

python -m benchmarks.usual_days                  all daily tables, results in benchmarks/results/usual_days.json
python -m benchmarks.usual_days --table weather  one table, printed and not stored

The days are those of the real years of two examples, which are known to be good. A fault changes all or a tenth of the
rows of one column on one day; each column has ten such days, spread over the year. Emptied are the columns that may be
empty, constant are those that are not in the key: other expectations check the rest. All draws are seeded.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.promotion.rows import count
from contender.gating.usual import ENOUGH_DAYS, RECENT_DAYS, judge_distributions
from contender.ingesting import land
from contender.lake import places
from contender.landing import NotDelivered
from contender.profiles import profile
from contender.records import DayProfile
from contender.settings import PROJECT, Settings
from contender.specs import Contract, DatasetSpec, Days, Usual, load_catalog
from demo import source

RESULTS = PROJECT / "benchmarks" / "results" / "usual_days.json"
TABLES = ("departures", "schedule", "weather", "transactions")
FAULTY_DAYS = 10
FAULTS = (("emptied", 0.1), ("constant", 0.1), ("emptied", 1.0), ("constant", 1.0))
# Until version 0.2, shares of missing values and of single values were not compared on their own.
DISTANCE_ONLY = {"min_share_change": 1.0, "failing_missing_change": 1.0}

Row = dict[str, Any]


def read_days(spec: DatasetSpec) -> list[pa.Table]:
    """Return the rows of each day of the year, as they are staged."""
    found = []
    with tempfile.TemporaryDirectory() as home:
        here = Settings(home=home)
        for day in source.source_of(spec.name).days.each():
            source.drop(spec.name, [day], here.landing)
            with contextlib.suppress(NotDelivered):  # the source has no rows of the day
                batch = land(spec, Days.one(day), here)
                found += [places.read_rows(file.path) for file in batch.files]
    return found


def measure(name: str) -> list[Row]:
    """Return a row for the rule and one for the distance alone, for one table."""
    spec = load_catalog(PROJECT / "include" / "catalog").dataset(name)
    contract, days = spec.contract, read_days(spec)
    profiles = [_profile(contract, rows) for rows in days]
    judged = [(today, profiles[max(0, nth - RECENT_DAYS) : nth]) for nth, today in enumerate(profiles)][
        ENOUGH_DAYS:
    ]
    faulty = {
        fault: [
            (changed, profiles[nth - RECENT_DAYS : nth])
            for column in _columns(contract, *fault)
            for nth in np.linspace(RECENT_DAYS, len(days) - 1, FAULTY_DAYS).astype(int)
            if (changed := _change(contract, days[nth], column, *fault)) is not None
        ]
        for fault in FAULTS
    }
    rows = []
    for rule, changes in (("distance", DISTANCE_ONLY), ("distance and shares", {})):
        usual = spec.usual.model_copy(update=changes)
        alarms = [_worst(usual, today, recent) for today, recent in judged]
        row: Row = {"table": name, "rule": rule, "clean days": _share(alarms)}
        row["failed"] = sum(verdict == "fail" for verdict in alarms)
        for (kind, share), cases in faulty.items():
            row[f"{share:.0%} {kind}"] = _share([_worst(usual, *case) for case in cases])
        rows.append(row)
    return rows


def _profile(contract: Contract, rows: pa.Table) -> DayProfile:
    return profile(contract, rows["day"][0].as_py(), "", rows)


def _columns(contract: Contract, kind: str, _: float) -> list[str]:
    return [
        column.name
        for column in contract.columns
        if column.type != "date"
        and not column.pii
        and (column.nullable if kind == "emptied" else column.name not in contract.primary_key)
    ]


def _change(contract: Contract, rows: pa.Table, column: str, kind: str, share: float) -> DayProfile | None:
    """Return the profile of the changed column alone; None if the day has nothing to change."""
    values = rows[column].combine_chunks()
    known = values.drop_null()
    if not len(known):
        return None
    chosen = pa.array(np.random.default_rng(0).random(len(values)) < share)
    new = pa.scalar(None, values.type) if kind == "emptied" else known[len(known) // 2]
    changed = rows.set_column(rows.column_names.index(column), column, pc.if_else(chosen, new, values))
    narrow = tuple(c for c in contract.columns if c.name in ("day", column))
    return _profile(contract.model_copy(update={"columns": narrow}), changed)


def _worst(usual: Usual, today: DayProfile, recent: Sequence[DayProfile]) -> str:
    verdicts = {result.verdict for result in judge_distributions(usual, today, recent)}
    return next((worst for worst in ("fail", "warn") if worst in verdicts), "pass")


def _share(verdicts: Sequence[str]) -> str:
    """Return the share of days that were reported, with its 95 % interval."""
    if not verdicts:
        return "–"
    found = sum(verdict != "pass" for verdict in verdicts)
    counted = count(found, len(verdicts))
    low, high = 100 * counted["ci_low"], 100 * counted["ci_high"]
    return f"{found} of {len(verdicts)} ({low:.1f} % to {high:.1f} %)"


def render(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown."""
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(str(row[name]) for name in head) + " |" for row in rows)])


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--table", choices=TABLES, help="only this table")
    table = ask.parse_args().table
    rows = [row for name in ([table] if table else TABLES) for row in measure(name)]
    if not table:
        RESULTS.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")
    print(render(rows))


if __name__ == "__main__":
    main()
