"""Compare monitoring with other libraries: the same quiet days, and the same changes from the same starts.

python -m benchmarks.monitoring.peers                        writes monitoring-peers.json of the results, and the page
python -m benchmarks.monitoring.peers --model flight_delay   one model; the stored results of the other stay
python -m benchmarks.monitoring.peers --starts 2             a smaller run, printed and not stored

The libraries are installed below build/, from benchmarks/monitoring/peers-requirements.txt, never into the project's
environment. Each judges days with what it knew by then; outcomes are known as soon as in the other benchmark.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.environments import make_environment
from benchmarks.keeping import keep_rows, put_into
from benchmarks.monitoring.__main__ import SETTLING
from benchmarks.monitoring.drills import INJECTED
from benchmarks.monitoring.peers_page import render
from benchmarks.monitoring.years import (
    NIGHTS,
    ServedYear,
    inject_change,
    monitor_injected,
    monitor_year,
    serve_year,
)
from benchmarks.promotion.harm import YEARS
from contender.alerting.compose import TITLES
from contender.records import Monitored
from contender.settings import PROJECT

HERE = PROJECT / "benchmarks" / "monitoring"
RESULTS = PROJECT / "benchmarks" / "results" / "monitoring-peers.json"
PAGE = PROJECT / "docs" / "MONITORING.md"
BEGIN, END = "<!-- peers: made by `make bench-monitoring-peers` -->", "<!-- end of peers -->"
WORK = PROJECT / "build" / "peers"
STARTS, DAYS = 4, 5
# The most of the quiet days on which an alarm is borne, when the threshold of a library is chosen in hindsight.
BORNE = 0.01
CHANGES = (
    "a tenth of a column emptied",
    "unit of a column changed",
    "predictions shuffled",
    "15 % of outcomes inverted",
    "other mix of rows",
    "pandemic",
)
OURS, OURS_RIGHT = "ours", "ours, right verdict"

Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--starts", type=int, default=STARTS, help="starts of each change")
    ask.add_argument("--model", choices=[year.model for year in YEARS], help="measure one model only")
    asked = ask.parse_args()
    python = make_environment(HERE / "peers-requirements.txt", WORK)
    for year in YEARS:
        if asked.model in (None, year.model):
            rows = list(measure_model(serve_year(year), asked.starts, python))
            print(render(rows))
            if asked.starts == STARTS:
                store(rows)


def measure_model(year: ServedYear, starts: int, python: Path) -> Iterator[Row]:
    """Yield the row of each judge of a model."""
    began = time.process_time()
    quiet = monitor_year(year)
    cases = list(draw_cases(year, quiet, starts))
    seconds = time.process_time() - began
    drawn = [(name, start) for name, start, _, _ in cases]
    judged, estimates = quiet[SETTLING:], estimate_error(quiet, cases)
    any_verdict = [int(one.verdict != "stable") for one in judged]
    verdicts = [[int(one.verdict != "stable") for one in days] for _, _, _, days in cases]
    yield count_alarms(year, OURS, any_verdict, drawn, verdicts) | {"seconds": round(seconds), **estimates}
    right = [[int(one.verdict == INJECTED[name].verdict) for one in days] for name, _, _, days in cases]
    mails = [int(one.verdict in TITLES) for one in judged]
    yield count_alarms(year, OURS_RIGHT, mails, drawn, right)
    folder = write_rows(year, cases)
    subprocess.run([python, HERE / "judges.py", folder], check=True)
    for judge, found in json.loads((folder / "judged.json").read_text()).items():
        row = count_alarms(year, judge, found["quiet"], drawn, found["cases"])
        yield row | {
            "seconds": round(found["seconds"]),
            **estimate_errors_of(found, [name for name, _ in drawn]),
        }


Drawn = tuple[str, int]
Case = tuple[str, int, pd.DataFrame, list[Monitored]]


def draw_cases(year: ServedYear, quiet: Sequence[Monitored], starts: int) -> Iterator[Case]:
    """Yield each start of each change that changes anything, with its first days and our results.

    Starts are numbers of days after the first `SETTLING`.
    """
    for name in CHANGES:
        print(f"{year.model.name}: {name}", file=sys.stderr)
        for nth, start in enumerate(np.linspace(SETTLING, len(year.days) - NIGHTS, starts)):
            monitored = list(islice(monitor_injected(year, quiet, INJECTED[name], int(start), nth), DAYS))
            if monitored:
                days = islice(inject_change(year, INJECTED[name], int(start), nth), DAYS)
                yield (
                    name,
                    int(start) - SETTLING,
                    pd.concat([rows for _, rows in days], ignore_index=True),
                    monitored,
                )


def write_rows(year: ServedYear, cases: Sequence[Case]) -> Path:
    """Write the features, predictions and outcomes of all days for the libraries, and return the folder."""
    folder = WORK / year.model.name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "cases").mkdir(parents=True)
    columns = ["day", *(column.name for column in year.model.features), "score", "label"]
    quiet = pd.concat([year.rows[day] for day in year.days], ignore_index=True)
    quiet[columns].to_parquet(folder / "quiet.parquet")
    for nth, (_, _, rows, _) in enumerate(cases):
        rows[columns].to_parquet(folder / "cases" / f"{nth:03}.parquet")
    return folder


def count_alarms(
    year: ServedYear, judge: str, quiet: Sequence[int], drawn: Sequence[Drawn], cases: Sequence[Sequence[int]]
) -> Row:
    """Count the days and starts with an alarm: from one alert on, and from the threshold chosen in hindsight on."""
    return {
        "model": year.model.name,
        "judge": judge,
        "days": len(quiet),
        "default": count_from(1, quiet, drawn, cases),
        "hindsight": count_from(choose_threshold(quiet), quiet, drawn, cases),
    }


def choose_threshold(quiet: Sequence[int]) -> int:
    """Return the least number of alerts that at most one in a hundred quiet days reaches."""
    return next(least for least in range(1, max(quiet) + 2) if _share(least, quiet) <= BORNE)


def _share(least: int, alerts: Sequence[int]) -> float:
    return sum(alert >= least for alert in alerts) / len(alerts)


def count_from(
    least: int, quiet: Sequence[int], drawn: Sequence[Drawn], cases: Sequence[Sequence[int]]
) -> Mapping[str, Any]:
    """Count the quiet days with at least so many alerts, and for each change the starts by days.

    An alarm is new on a day that has so many with the change, and has not without it.
    """
    names = [name for name, _ in drawn]
    alarms = [[alert >= least for alert in alerts] for alerts in cases]
    new = [
        any(alert >= least > usual for alert, usual in zip(alerts, quiet[start:], strict=False))
        for (_, start), alerts in zip(drawn, cases, strict=True)
    ]
    changes = {
        name: {
            "starts": names.count(name),
            "same_day": sum(its[0] for its, of in zip(alarms, names, strict=True) if of == name),
            "within_5": sum(any(its) for its, of in zip(alarms, names, strict=True) if of == name),
            "new_within_5": sum(its for its, of in zip(new, names, strict=True) if of == name),
        }
        for name in dict.fromkeys(names)
    }
    return {"least": least, "quiet": sum(alert >= least for alert in quiet), "changes": changes}


def estimate_error(quiet: Sequence[Monitored], cases: Sequence[Case]) -> Row:
    """Return how far our estimates of the loss are from it, on quiet days and in a change of inputs alone."""
    changed = [one for name, _, _, days in cases if name == "other mix of rows" for one in days]
    pairs = [
        [
            (one.estimated_loss, one.measures.loss)
            for one in days
            if one.measures and one.estimated_loss is not None
        ]
        for days in (quiet[SETTLING:], changed)
    ]
    return {"estimates": {"loss": compare_estimates(*pairs)}}


def estimate_errors_of(found: Mapping[str, Any], names: Sequence[str]) -> Row:
    """Return the same of a library, for each measure that it estimates."""
    if not found["figures"]:
        return {}
    measures = [name.removeprefix("estimated ") for name in found["figures"] if name.startswith("estimated")]
    changed = [
        its for name, its in zip(names, found["case_figures"], strict=True) if name == "other mix of rows"
    ]
    return {
        "estimates": {
            measure: compare_estimates(
                _pairs([found["figures"]], measure),
                _pairs(changed, measure),
            )
            for measure in measures
        }
    }


def _pairs(figures: Sequence[Mapping[str, Sequence[float]]], measure: str) -> list[tuple[float, float]]:
    return [
        pair
        for its in figures
        for pair in zip(its[f"estimated {measure}"], its[f"realized {measure}"], strict=True)
        if not any(map(math.isnan, pair))
    ]


def compare_estimates(
    quiet: Sequence[tuple[float, float]], changed: Sequence[tuple[float, float]]
) -> dict[str, float]:
    """Return root mean squared errors, in standard deviations of what came true on quiet days."""
    deviation = float(np.std([came for _, came in quiet]))
    return {
        name: round(math.sqrt(float(np.mean([(said - came) ** 2 for said, came in pairs]))) / deviation, 3)
        for name, pairs in (("quiet", quiet), ("changed", changed))
    }


def store(rows: Sequence[Row]) -> None:
    """Store the rows of a model in place of earlier ones, and write the page."""
    stored: list[Row] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    kept = [*(one for one in stored if one["model"] != rows[0]["model"]), *rows]
    order = [year.model for year in YEARS]
    kept.sort(key=lambda one: order.index(one["model"]))
    keep_rows(RESULTS, kept)
    PAGE.write_text(put_into(PAGE.read_text(), render(kept), BEGIN, END))


if __name__ == "__main__":
    main()
