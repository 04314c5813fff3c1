"""The real year of each model's data, taken through the engine into a lake below build/, once."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta

from contender.backtesting import History, read_history
from contender.featurizing import collect, plan_features, run_in_process
from contender.gating import check
from contender.ingesting import land
from contender.lake import Lake, open_lake
from contender.records import StagedBatch
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, Contract, Days, ModelSpec, load_catalog
from demo import source

HOME = PROJECT / "build" / "promotion"


@dataclass(frozen=True)
class Year:
    """A model, the nights that the benchmark lives, and the labelled rows of all days that they may touch."""

    catalog: Catalog
    model: ModelSpec
    nights: Days
    history: History

    @property
    def name(self) -> str:
        """What the tables call the data."""
        return source.source_of(self.model.inputs[0].name).package


# The flights' first quarter, and the households' first 84 days with 56 days of past, are history when the nights begin.
LIVED = {
    "flight_delay": Days(first=date(2013, 3, 31), last=date(2013, 12, 30)),
    "household_return": Days(first=date(2017, 5, 28), last=date(2017, 12, 30)),
}


def read_year(model: str) -> Year:
    """Read a model's year from the lake below build/, which is filled first where that has not been done."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    spec = catalog.model(model)
    here = Settings(home=HOME / model, engine="duckdb")
    lake = _load(catalog, spec, here)
    nights = LIVED[model]
    return Year(catalog, spec, nights, read_history(spec, nights, lake))


def _load(catalog: Catalog, model: ModelSpec, here: Settings) -> Lake:
    complete = here.home / "complete"
    if complete.exists():
        return open_lake(here)
    shutil.rmtree(here.home, ignore_errors=True)
    lake = open_lake(here)
    delivering = source.source_of(model.inputs[0].name)
    source.drop_reference(here.landing, [delivering])
    ends = []
    for given in model.inputs:
        spec = catalog.dataset(given.name)
        days = delivering.days if spec.kind == "daily" else Days.one(delivering.days.first)
        if spec.kind == "daily":
            dropped = source.drop(given.name, days.each(), here.landing)
            days = Days(first=days.first, last=max(one.day for one in dropped if one.place and one.day))
            ends.append(days.last - timedelta(days=spec.delivery.lead_days))
        _admit(spec.contract, land(spec, days, here), lake)
        print(f"  {model.name}: {given.name} is in the lake", file=sys.stderr)
    first = delivering.days.first + timedelta(days=model.label_maturity_days)
    plan = plan_features(catalog, model, Days(first=first, last=min(ends)), lake, here)
    run_in_process(plan)
    batches = collect(model, plan, here)
    _admit(model.feature_contract, batches["features"], lake)
    _admit(model.label_contract, batches["labels"], lake)
    complete.touch()
    return lake


def _admit(contract: Contract, batch: StagedBatch, lake: Lake) -> None:
    result = check(contract, batch, "benchmark")
    if result.verdict == "fail":
        raise SystemExit(f"{contract.table}: the gate refuses the clean year: {result.failed}")
    lake.publish(contract, batch)
