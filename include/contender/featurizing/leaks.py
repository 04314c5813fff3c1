"""Find leaks: features or labels of a night that change with data which the night cannot know.

Built alone, a night reads only days that it knows. History is built in ranges of nights, whose later days are read as
well: a feature that uses them is better in a backtest than it can ever be in service.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import redirect_stdout
from datetime import date, timedelta
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from contender.featurizing.plan import Engine, Plan, plan_features
from contender.featurizing.poison import poison_rows
from contender.featurizing.run import BuildError, read_output, run_in_process, run_on_spark
from contender.installation import Installation
from contender.lake import places
from contender.lake.schema import arrow_schema
from contender.specs import Contract, Days, ModelSpec
from contender.specs.catalog import Source
from contender.specs.frozen import Frozen

# A range has at least this many nights after the checked one.
NIGHTS_AFTER = 7

Later = Mapping[tuple[str, date], tuple[str, ...]]  # files by source and day


class Leak(Frozen):
    """A column of a night's rows that changes with days of a source that the night cannot know."""

    model: str
    night: date
    table: str
    column: str
    day: date
    source: str | None
    days: tuple[date, ...] = ()

    def __str__(self) -> str:
        """Return the leak in one line."""
        what = "the rows" if self.column == "" else f"`{self.column}`"
        days = ", ".join(map(str, self.days))
        origin = "later days of several sources together" if self.source is None else self.source
        origin += f" of {days}" if days else ""
        return (
            f"models/{self.model}/features.py: {what} of {self.table} of {self.day} changes with {origin}, which "
            f"night {self.night} cannot know: limit it to earlier days"
        )


class Checked(Frozen):
    """The result of a check for leaks: the night that was checked, its range, and what leaked."""

    model: str
    nights: Days
    engine: Engine
    leaks: tuple[Leak, ...]


class _Night(NamedTuple):
    """The range of nights whose first is checked, its plan, and the files of later days: as they are, and changed."""

    model: ModelSpec
    plan: Plan
    known: Mapping[str, tuple[str, ...]]
    real: Later
    changed: Later


def find_leaks(
    here: Installation, model: ModelSpec, night: date | None = None, engine: Engine = "duckdb"
) -> Checked:
    """Build a night within a range twice, with the real and with changed later days, and compare its rows exactly.

    `night` is by default the newest one with enough later days. Where rows differ, each source and each later day is
    changed on its own to name the origin. Raises BuildError if the lake has too few days.
    """
    nights = _choose_nights(here, model, night)
    chosen = _prepare(here, model.model_copy(update={"engine": engine}), nights)
    try:
        clean = _build(chosen, ())
        if clean["features"].empty:
            raise BuildError(
                f"{model.name}: night {nights.first} has no features to compare: choose another night"
            )
        found = _differing(chosen, clean, _build(chosen, chosen.changed))
        leaks = tuple(_explain(chosen, found, clean)) if found else ()
    finally:
        places.remove_below(_folder(chosen.plan))
    return Checked(model=model.name, nights=nights, engine=engine, leaks=leaks)


def _choose_nights(here: Installation, model: ModelSpec, night: date | None) -> Days:
    after = max(NIGHTS_AFTER, model.outcome_lag)
    newest = []
    for source in _daily(here, model):
        last = here.lake.newest_day(source.contract.table)
        if last is None:
            raise BuildError(
                f"{model.name}: {source.contract.table} has no rows: publish a range of its days first"
            )
        newest.append(last - timedelta(days=source.lead_days))
    if not newest:
        raise BuildError(f"{model.name}: no input has days, so no later day can leak")
    first = night or min(newest) - timedelta(days=after)
    if first >= min(newest):
        raise BuildError(
            f"{model.name}: no input has a day that night {first} cannot know: choose a night before {min(newest)}"
        )
    return Days(first=first, last=min(first + timedelta(days=after), min(newest)))


def _prepare(here: Installation, model: ModelSpec, nights: Days) -> _Night:
    """Plan the range, and write changed copies of the files of later days."""
    plan = plan_features(here.catalog, model, nights, here.lake, here.settings)
    snapshots = {pin.table: pin.snapshot for pin in plan.pins}
    planned = json.loads(places.read(plan.file))["tables"]
    real: dict[tuple[str, date], tuple[str, ...]] = {}
    changed = {}
    for source in _daily(here, model):
        for day in _later_days(source, nights):
            table = source.contract.table
            files = here.lake.pin(table, Days.one(day), snapshots.get(table)).files
            if not files:
                continue
            real[source.name, day] = files
            rows = pa.concat_tables(places.read_rows(file, source.contract.column_names) for file in files)
            target = places.below(_folder(plan), "changed", source.name, f"{day}.parquet")
            places.write_rows(poison_rows(rows.cast(arrow_schema(source.contract)), source.contract), target)
            changed[source.name, day] = (target,)
    later = {file for files in real.values() for file in files}
    known = {name: tuple(set(table["files"]) - later) for name, table in planned.items()}
    return _Night(model, plan, known, real, changed)


def _later_days(source: Source, nights: Days) -> Iterator[date]:
    newest_known = nights.first + timedelta(days=source.lead_days)
    last = nights.last + timedelta(days=source.lead_days)
    return Days(first=newest_known + timedelta(days=1), last=last).each()


def _build(night: _Night, changed: Collection[tuple[str, date]]) -> dict[str, pd.DataFrame]:
    """Build the range with some later days changed, and return the rows of its first night by table."""
    plan = _with_files(
        night, {key: night.changed[key] if key in changed else night.real[key] for key in night.real}
    )
    with redirect_stdout(sys.stderr):
        (run_on_spark if plan.engine == "spark" else run_in_process)(plan)
    first = Days.one(plan.nights.first)
    wanted = {"features": night.model.scored_days(first), "labels": night.model.matured_days(first)}
    contracts = {"features": night.model.feature_contract, "labels": night.model.label_contract}
    return {name: _read(plan, name, contracts[name], wanted[name].first) for name in plan.outputs}


def _with_files(night: _Night, later: Later) -> Plan:
    """Write a copy of the plan that reads other files of later days, and writes into a folder of its own."""
    plan = night.plan
    written: dict[str, Any] = json.loads(places.read(plan.file))
    folder = places.below(_folder(plan), f"build-{len(places.files(_folder(plan), suffix='plan.json'))}")
    for name, table in written["tables"].items():
        table["files"] = sorted(
            [
                *night.known[name],
                *(file for (source, _), files in later.items() if source == name for file in files),
            ]
        )
    outputs = {name: places.below(folder, name) for name in plan.outputs}
    for name, output in written["outputs"].items():
        output["path"] = outputs[name]
    file = places.write(places.below(folder, "plan.json"), json.dumps(written, indent=2).encode())
    return plan.model_copy(update={"file": file, "outputs": outputs})


def _read(plan: Plan, output: str, contract: Contract, day: date) -> pd.DataFrame:
    found: pd.DataFrame = read_output(plan, output, contract).to_pandas(integer_object_nulls=True)
    of_day: pd.DataFrame = found[found["day"] == day]
    return of_day.sort_values(list(contract.primary_key), ignore_index=True)


def _differing(
    night: _Night, clean: Mapping[str, pd.DataFrame], built: Mapping[str, pd.DataFrame]
) -> list[tuple[str, str]]:
    """Return the tables and columns that differ; an empty column for other keys."""
    found = []
    keys = list(night.model.row_key)
    for table, was in clean.items():
        now = built[table]
        if not was[keys].equals(now[keys]):
            found.append((table, ""))
            continue
        found += [(table, str(column)) for column in was if not was[column].equals(now[column])]
    return found


def _explain(
    night: _Night, found: Collection[tuple[str, str]], clean: Mapping[str, pd.DataFrame]
) -> Iterator[Leak]:
    """Change one source at a time, and then one day of it at a time, to name the origin of each difference."""
    origins: dict[tuple[str, str], dict[str, list[date]]] = {where: {} for where in found}
    for source in dict.fromkeys(name for name, _ in night.changed):
        keys = [key for key in night.changed if key[0] == source]
        leaking = _differing(night, clean, _build(night, keys))
        for where in leaking:
            origins.setdefault(where, {})[source] = []
        for key in keys if leaking else ():
            for where in _differing(night, clean, _build(night, [key])):
                origins.setdefault(where, {}).setdefault(source, []).append(key[1])
    first = Days.one(night.plan.nights.first)
    days = {"features": night.model.scored_days(first).first, "labels": night.model.matured_days(first).first}
    for (table, column), sources in origins.items():
        origins_of: list[tuple[str | None, list[date]]] = [*sources.items()]
        for origin, leaked in origins_of or [(None, [])]:
            yield Leak(
                model=night.model.name,
                night=first.first,
                table=table,
                column=column,
                day=days[table],
                source=origin,
                days=tuple(leaked),
            )


def _daily(here: Installation, model: ModelSpec) -> list[Source]:
    return [source for source in here.catalog.sources(model) if source.contract.daily]


def _folder(plan: Plan) -> str:
    return plan.file.rsplit("/", 1)[0]
