"""What a night of flights costs by hand, by this project's functions and in Airflow, in CPU seconds with children.

python -m benchmarks.night                          results in benchmarks/results/night.json and docs/SCALING.md
python -m benchmarks.night --nights 1 --scripts     smaller, without Airflow, for a look; nothing is kept

All run the same nights, from the same deliveries and the same history of 244 days, and must give the same predictions,
to the last digit, and the same decisions. The two scripts take turns; the nights in Airflow follow, in the same place.
The history is made once, in build/night.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

import joblib
import polars as pl

from benchmarks.keeping import keep_rows, put_into
from benchmarks.night.history import HISTORY, MODEL, deliver_night, prepare_history
from benchmarks.night.scheduled import run_scheduled
from benchmarks.processes import run_module
from contender.installation import Installation
from contender.settings import PROJECT, Settings
from contender.specs import Days

RESULTS = PROJECT / "benchmarks" / "results" / "night.json"
PAGE = PROJECT / "docs" / "SCALING.md"
BEGIN, END = "<!-- night: made by `make bench-night` -->", "<!-- end of night -->"
PLACE = PROJECT / "build" / "night"
# Tables know their files by absolute paths: the history is made where the nights are run, and put back from a copy.
HOME, KEPT, STATE = PLACE / "home", PLACE / "history", PLACE / "by_hand"
SCRIPTS, SCHEDULED = ("by hand", "functions"), "Airflow"
KEY = ["day", "carrier", "flight", "origin"]


def main() -> None:
    """Measure, compare, print, and keep the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--nights", type=int, default=3, help="nights after the history")
    ask.add_argument("--scripts", action="store_true", help="only the two scripts, without Airflow")
    wanted = ask.parse_args()
    nights = [HISTORY.last + timedelta(days=n + 1) for n in range(wanted.nights)]
    taken = run_scripts(nights)
    if not wanted.scripts:
        restore_history()
        taken[SCHEDULED] = [
            note(SCHEDULED, night, one)
            for night, one in zip(nights, run_scheduled(HOME, nights), strict=True)
        ]
    for night, *results in zip(nights, *taken.values(), strict=True):
        for way, one in zip(taken, results, strict=True):
            compare(night, results[0]["result"], one["result"], way)
    found = [summarise(way, results) for way, results in taken.items()]
    print(render(found))
    if not wanted.scripts and wanted.nights == ask.get_default("nights"):
        keep_rows(RESULTS, found)
        PAGE.write_text(put_into(PAGE.read_text(), render(found), BEGIN, END))


def run_scripts(nights: Sequence[date]) -> dict[str, list[dict[str, Any]]]:
    """Run the nights by both scripts, in turn."""
    restore_history()
    export_state()
    taken: dict[str, list[dict[str, Any]]] = {way: [] for way in SCRIPTS}
    for night in nights:
        deliver_night(night, str(HOME / "landing"))
        ran = {
            way: run(way, night) for way in SCRIPTS
        }  # both number versions alike: the registry has their names
        for way in SCRIPTS:
            taken[way].append(note(way, night, ran[way]))
    return taken


def note(way: str, night: date, one: dict[str, Any]) -> dict[str, Any]:
    """Read what a night predicted, before its files are replaced, and show its figures."""
    print(f"{night} {way}: {one['cpu']:.1f} CPU s, {one['wall']:.1f} s", file=sys.stderr)
    return one | {"result": read_predictions(one["result"])}


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
    found: dict[str, Any] = run_module(words)
    return found


def read_predictions(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result with the rows of its files, and with names for versions: tasks may number them otherwise."""
    versions = Installation(Settings(home=HOME)).registry

    def name(version: int) -> str:
        found = versions.version(MODEL, version)
        return f"{found.recipe} of {found.night}"

    served = read_scores(result["served"], [*KEY, "score"])
    shadow = read_scores(result["shadow"], [*KEY, "model_version", "score"])
    named = {version: name(version) for version in shadow["model_version"].unique()}
    return {
        "decisions": [[kind, name(version)] for kind, version in result["decisions"]],
        "served": served,
        "shadow": shadow.with_columns(
            model_version=pl.col("model_version").replace_strict(named, return_dtype=pl.String)
        ).sort([*KEY, "model_version"]),
    }


def compare(night: date, by_hand: dict[str, Any], other: dict[str, Any], way: str) -> None:
    """Exit unless both ways decided the same and predicted the same, to the last digit."""
    if by_hand["decisions"] != other["decisions"]:
        raise SystemExit(f"{night}: decided {by_hand['decisions']} by hand, {other['decisions']} {way}")
    for what in ("served", "shadow"):
        if not by_hand[what].equals(other[what]):
            raise SystemExit(
                f"{night}: the {what} predictions differ {way}: "
                f"{by_hand[what].join(other[what], on=KEY, how='full')}"
            )


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
        "start_cpu_seconds": round(results[0].get("start", 0.0), 1),
        "steps": steps,
    }


def render(found: list[dict[str, Any]]) -> str:
    """Return the figures as Markdown: a row per step or part of Airflow, a column per way."""
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
        ("once, at the start of Airflow", "start_cpu_seconds"),
        ("nights", "nights"),
    ):
        lines.append(f"| {label} | {' | '.join(str(one[field] or '') for one in found)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
