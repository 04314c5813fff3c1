"""What a night of flights costs by hand and by this project, in CPU seconds of the process and its children.

python -m benchmarks.night               results in benchmarks/results/night.json and docs/SCALING.md
python -m benchmarks.night --nights 1    smaller, for a look; nothing is kept

Both run the same nights, in turn, from the same deliveries and the same history of 244 days, and must give the same
predictions, to the last digit, and the same decisions. The history is made once, in build/night.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from statistics import median
from typing import Any

import joblib
import polars as pl

from benchmarks.night.history import HISTORY, MODEL, deliver_night, prepare_history
from benchmarks.promotion.page import put_into
from contender.installation import Installation
from contender.settings import PROJECT, Settings
from contender.specs import Days

RESULTS = PROJECT / "benchmarks" / "results" / "night.json"
PAGE = PROJECT / "docs" / "SCALING.md"
BEGIN, END = "<!-- night: made by `make bench-night` -->", "<!-- end of night -->"
PLACE = PROJECT / "build" / "night"
# Tables know their files by absolute paths: the history is made where the nights are run, and put back from a copy.
HOME, KEPT, STATE = PLACE / "home", PLACE / "history", PLACE / "by_hand"
WAYS = ("by hand", "functions")


def main() -> None:
    """Measure, compare, print, and keep the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--nights", type=int, default=3, help="nights after the history")
    wanted = ask.parse_args()
    restore_history()
    export_state()
    nights = [HISTORY.last + timedelta(days=n + 1) for n in range(wanted.nights)]
    taken: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for night in nights:
        deliver_night(night, str(HOME / "landing"))
        for way in WAYS:
            taken[way].append(run(way, night))
            print(f"{night} {way}: {taken[way][-1]['cpu']:.1f} CPU s", file=sys.stderr)
        compare(night, taken["by hand"][-1]["result"], taken["functions"][-1]["result"])
    found = [summarise(way, results) for way, results in taken.items()]
    print(render(found))
    if wanted.nights == ask.get_default("nights"):
        RESULTS.write_text("[\n" + ",\n".join(json.dumps(one) for one in found) + "\n]\n")
        PAGE.write_text(put_into(PAGE.read_text(), render(found), BEGIN, END))


def restore_history() -> None:
    """Put the history into the home that the nights change; make it once."""
    shutil.rmtree(HOME, ignore_errors=True)
    if not KEPT.exists():
        prepare_history(HOME)
        shutil.copytree(HOME, KEPT)
        return
    shutil.copytree(KEPT, HOME)


def export_state() -> None:
    """Write the history as the hand-written script keeps it: a Parquet file a day, and the champion."""
    shutil.rmtree(STATE, ignore_errors=True)
    here = Installation(Settings(home=HOME))
    model = here.catalog.model(MODEL)
    tables = {name: here.catalog.dataset(name).contract for name in ("departures", "weather", "schedule")}
    tables |= {"features": model.feature_contract, "labels": model.label_contract}
    for name, contract in tables.items():
        (STATE / name).mkdir(parents=True)
        for day in here.lake.days(contract.table):
            (file,) = here.lake.pin(contract.table, Days.one(day)).files
            shutil.copy(file, STATE / name / f"{day}.parquet")
    for name in ("planes", "airports"):
        (file,) = here.lake.pin(f"datasets.{name}").files
        shutil.copy(file, STATE / f"{name}.parquet")
    shadow = here.lake.read(model.shadow_contract)
    (STATE / "shadow").mkdir()
    pl.DataFrame(shadow).write_parquet(STATE / "shadow" / f"{HISTORY.last + timedelta(days=1)}.parquet")
    champion = here.registry.champion(MODEL)
    assert champion is not None
    fitted = here.registry.load(MODEL, champion.version), here.registry.load_baseline(MODEL, champion.version)
    joblib.dump(fitted, STATE / f"{champion.version}.joblib")
    newest = max(shadow["model_version"].to_pylist())
    (STATE / "champion.json").write_text(json.dumps({"version": champion.version, "newest": newest}))


def run(way: str, night: date) -> dict[str, Any]:
    """Run a night in a process of its own and return its figures."""
    words = {
        "by hand": ["benchmarks.night.floor", str(STATE), str(HOME / "landing"), str(night)],
        "functions": ["benchmarks.night.bare", str(HOME), str(night)],
    }[way]
    done = subprocess.run(
        [sys.executable, "-m", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=PROJECT,
        env=os.environ,
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def compare(night: date, by_hand: dict[str, Any], functions: dict[str, Any]) -> None:
    """Exit unless both ways decided the same and predicted the same, to the last digit."""
    if by_hand["decisions"] != functions["decisions"]:
        raise SystemExit(
            f"{night}: decided {by_hand['decisions']} by hand, {functions['decisions']} by functions"
        )
    for what, extra in (("served", []), ("shadow", ["model_version"])):
        key = ["day", "carrier", "flight", "origin", *extra]
        one, other = (read_scores(result[what], [*key, "score"]) for result in (by_hand, functions))
        if not one.equals(other):
            raise SystemExit(f"{night}: the {what} predictions differ: {one.join(other, on=key, how='full')}")


def read_scores(files: list[str], columns: list[str]) -> pl.DataFrame:
    """Read predictions; a version that is scored as champion and as recipe counts once."""
    return (
        pl.concat(
            [
                pl.read_parquet(file).rename({"prediction": "score"}, strict=False).select(columns)
                for file in files
            ]
        )
        .unique()
        .sort(columns)
    )


def summarise(way: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians over the nights."""
    steps = {name: round(median(one["steps"][name] for one in results), 2) for name in results[0]["steps"]}
    return {
        "way": way,
        "nights": len(results),
        "cpu_seconds": round(median(one["cpu"] for one in results), 1),
        "wall_seconds": round(median(one["wall"] for one in results), 1),
        "peak_mb": round(median(one["peak_bytes"] for one in results) / 1e6),
        "steps": steps,
    }


def render(found: list[dict[str, Any]]) -> str:
    """Return the figures as Markdown: a row per step, a column per way."""
    names = list(dict.fromkeys(name for one in found for name in one["steps"]))
    head = ["CPU seconds", *(one["way"] for one in found)]
    lines = [f"| {' | '.join(head)} |", "| " + " | ".join("---" for _ in head) + " |"]
    for name in names:
        cells = [f"{one['steps'][name]:.2f}" if name in one["steps"] else "" for one in found]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for label, field in (
        ("**all**", "cpu_seconds"),
        ("wall seconds", "wall_seconds"),
        ("peak memory, MB", "peak_mb"),
        ("nights", "nights"),
    ):
        lines.append(f"| {label} | {' | '.join(str(one[field]) for one in found)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
