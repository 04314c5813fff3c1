"""Plan the inputs and outputs of a feature build."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, Literal

from contender.lake import Lake, PinnedFiles, places
from contender.records import Pin
from contender.settings import Settings
from contender.specs import Catalog, Contract, Days, ModelSpec
from contender.specs.catalog import Source
from contender.specs.frozen import Frozen

Engine = Literal["spark", "duckdb"]


class Plan(Frozen):
    """A planned build of a model's features and labels; `file` is the plan that the engine reads."""

    model: str
    nights: Days
    engine: Engine
    file: str
    outputs: dict[str, str]
    pins: tuple[Pin, ...]


def plan_features(catalog: Catalog, model: ModelSpec, nights: Days, lake: Lake, settings: Settings) -> Plan:
    """Pin the inputs of these nights and write the plan file into a new folder.

    A night builds the features of the day that it scores (`horizon_days` later), and the labels of the day that has
    matured by then (`label_maturity_days` earlier). Inputs are limited to days that were known in that night.
    """
    folder = places.below(settings.staging, "builds", model.name, nights.key, uuid.uuid4().hex)
    pinned = {source: _pin(source, nights, lake) for source in catalog.sources(model)}
    engine = _choose(model, sum(pins.rows for pins in pinned.values()), settings)
    targets: dict[str, tuple[Contract, Days]] = {
        "features": (model.feature_contract, model.scored_days(nights)),
        "labels": (model.label_contract, model.matured_days(nights)),
    }
    outputs = {name: places.below(folder, name) for name in targets}
    written = {
        "engine": engine,
        "functions": str(catalog.model_home(model.name) / "features.py"),
        "kept": places.below(settings.staging, "sql", model.name),
        "tables": {
            source.name: {"files": pins.files, "columns": _columns(source.contract)}
            for source, pins in pinned.items()
        },
        "outputs": {
            name: {
                "days": [str(days.first), str(days.last)],
                "columns": _columns(contract),
                "path": outputs[name],
            }
            for name, (contract, days) in targets.items()
        },
    }
    file = places.write(places.below(folder, "plan.json"), json.dumps(written, indent=2).encode())
    pins = tuple(Pin(table=pin.table, snapshot=pin.snapshot) for pin in pinned.values() if pin.snapshot)
    return Plan(model=model.name, nights=nights, engine=engine, file=file, outputs=outputs, pins=pins)


def find_engine(
    catalog: Catalog, model: ModelSpec, nights: Days, lake: Lake, settings: Settings
) -> tuple[Engine, int]:
    """Return the engine that would build these nights, and the input rows that exist by now."""
    rows = sum(_pin(source, nights, lake).rows for source in catalog.sources(model))
    return _choose(model, rows, settings), rows


def _choose(model: ModelSpec, rows: int, settings: Settings) -> Engine:
    wanted = settings.engine if model.engine == "auto" else model.engine
    return choose_engine(wanted, rows, settings.spark_rows)


def choose_engine(wanted: Literal["auto", "spark", "duckdb"], rows: int, spark_rows: int) -> Engine:
    """Return the wanted engine; if it is `auto`, Spark for inputs of at least `spark_rows` rows, otherwise DuckDB."""
    if wanted != "auto":
        return wanted
    return "duckdb" if rows < spark_rows else "spark"


def _pin(source: Source, nights: Days, lake: Lake) -> PinnedFiles:
    if not source.contract.daily:
        return lake.pin(source.contract.table)
    known = nights.shifted(source.lead_days).reaching_back(source.history_days - 1)
    return lake.pin(source.contract.table, known)


def _columns(contract: Contract) -> list[Mapping[str, Any]]:
    return [{"name": column.name, "type": column.type} for column in contract.columns]
