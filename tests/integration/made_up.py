"""Made-up flights in a real lake, and nights of retraining over them without a scheduler."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from contender import retraining
from contender.installation import Installation
from contender.lake import Lake, open_lake, stage
from contender.records import (
    Decision,
    Failure,
    GateResult,
    Incident,
    StagedBatch,
    Step,
    gate_id,
    migrate,
    open_book,
)
from contender.retraining import InstalledStores
from contender.settings import PROJECT, Settings, settings
from contender.specs import Catalog, Contract, Days, Input, ModelSpec, load_catalog

NIGHT = date(2013, 3, 31)
HISTORY = Days(first=date(2013, 1, 1), last=NIGHT)
# A quarter of the trees, each of which counts four times as much: trees take most of the time to store and load.
TREES, FEW_TREES = '"max_iter": 80, "learning_rate": 0.05', '"max_iter": 20, "learning_rate": 0.2'


def copy_catalog(home: Path) -> Catalog:
    """The project's catalog with few trees, and without approval and behaviour tests, which made-up flights fail."""
    shutil.copytree(PROJECT / "include" / "catalog", home)
    for spec in home.glob("models/*/spec.py"):
        text = spec.read_text().replace(TREES, FEW_TREES)
        spec.write_text(re.sub(r"^ *approval=.*\n", "", text, flags=re.MULTILINE))
    for tests in home.glob("models/*/behaviour.py"):
        tests.unlink()
    return load_catalog(home)


def write_model(home: Path, model: ModelSpec, files: Mapping[str, str]) -> Catalog:
    """Write the files of a model, and return a catalog with only this model."""
    folder = home / "models" / model.name
    folder.mkdir(parents=True)
    for name, source in files.items():
        (folder / name).write_text(source)
    return Catalog(home=home, datasets={}, models={model.name: model})


def specify(flights: ModelSpec, **own: object) -> ModelSpec:
    """Return a model with the keys and numbers of `flights`; by default, of the minutes that a flight is late."""
    minutes = {
        "name": "minutes_late",
        "description": "Minutes that a departure will be late.",
        "owner": "flight-models@contender.example",
        "label": "minutes late at arrival",
        "predicts": "quantity",
        "inputs": (Input(dataset="departures"),),
        "keys": flights.keys,
        "features": tuple(column for column in flights.features if column.type != "string"),
        "baseline_features": ("dep_hour",),
    }
    return ModelSpec.model_validate(minutes | own)


def make_flights(model: ModelSpec, days: Days, a_day: int = 60) -> pd.DataFrame:
    """Flights that are late when the carrier was late before."""
    random = np.random.default_rng(7)
    rows = pd.DataFrame({"day": np.repeat(list(days.each()), a_day)})
    size = len(rows)
    for column in (*model.keys, *model.features):
        words = column.type == "string"
        rows[column.name] = (
            random.choice(["AA", "UA", "DL"], size) if words else random.integers(0, 100, size)
        )
    rows["flight"] = np.tile(np.arange(a_day), len(rows) // a_day)
    rows["label"] = (rows["carrier_late"] + random.normal(0, 20, size) > 60).astype(int)
    return rows


def make_households(model: ModelSpec, days: Days, a_day: int = 60) -> pd.DataFrame:
    """Households that return if they spent much lately."""
    random = np.random.default_rng(7)
    rows = pd.DataFrame({"day": np.repeat(list(days.each()), a_day)})
    rows["household_id"] = np.tile(np.arange(a_day), len(rows) // a_day)
    for column in model.features:
        words = column.type == "string"
        rows[column.name] = (
            random.choice(["1", "2", "unknown"], len(rows)) if words else random.integers(0, 100, len(rows))
        )
    rows["fuel_share"] = rows["fuel_share"].where(rows["fuel_share"] > 20)
    rows["label"] = (rows["spend_28"] + random.normal(0, 10, len(rows)) > 50).astype(int)
    return rows


def publish_history(here: Settings, model: ModelSpec, rows: pd.DataFrame) -> None:
    """Publish the features of all rows, and the labels up to NIGHT."""
    lake = open_lake(here)
    publish(lake, model.feature_contract, rows, here)
    publish(lake, model.label_contract, rows[rows["day"] <= NIGHT], here)


def invoke_on(
    here: Settings, catalog: Catalog, command: str, patch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Result]]:
    """Yield a function that runs a command with words on this home and catalog."""
    from contender.cli import app

    patch.setenv("CONTENDER_HOME", str(here.home))
    patch.setenv("CONTENDER_CATALOG_HOME", str(catalog.home))
    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(app, [command, *words])
    settings.cache_clear()


def press_ctrl_c(catalog: Catalog, file: str, folder: Path) -> Catalog:
    """Return a copy of a catalog in which Ctrl-C is pressed during the second fit of a recipe of flights.

    The handler is called, not the signal raised: a shell starts processes in the background with SIGINT ignored.
    """
    shutil.copytree(catalog.home, folder / "interrupted")
    place = folder / "interrupted" / "models" / "flight_delay" / file
    place.write_text(
        place.read_text().replace("def build_estimator(", "def _build(")
        + "\n\nFITS = []\n\n\ndef build_estimator(*given):\n    FITS.append(given)\n    if len(FITS) == 2:\n"
        "        import signal\n\n        signal.default_int_handler(signal.SIGINT, None)\n    return _build(*given)\n"
    )
    return load_catalog(folder / "interrupted")


def publish(
    lake: Lake, contract: Contract, rows: pd.DataFrame, here: Settings, *, gated: bool = True
) -> None:
    """Make the rows part of the contract's table, with the word of a gate in the book."""
    table = pa.Table.from_pandas(rows[list(contract.column_names)], preserve_index=False)
    days = Days(first=rows["day"].min(), last=rows["day"].max())
    batch = stage(table, contract, days, here.staging)
    if gated:
        migrate(here.records)
        record_gate(here, batch, contract.owner)
    lake.publish(contract, batch)


def record_gate(here: Settings, batch: StagedBatch, owner: str) -> None:
    """Enter into the book that a batch passed its gate."""
    open_book(here.records).gates.add(
        GateResult(
            id=gate_id(batch, "made up"),
            table=batch.table,
            owner=owner,
            days=batch.days,
            run="made up",
            verdict="pass",
            rows=batch.rows,
            fingerprint=batch.fingerprint,
            expectations=(),
        )
    )


def deliver(stores: InstalledStores, rows: pd.DataFrame) -> None:
    """Put rows through a gate into the model's tables, in place of what was there; labels as far as night `NIGHT`."""
    here = stores.installation
    publish(here.lake, stores.model.feature_contract, rows, here.settings)
    publish(here.lake, stores.model.label_contract, rows[rows["day"] <= NIGHT], here.settings)


def install_flights(here: Settings, catalog: Catalog) -> InstalledStores:
    """Return an installation with three months of made-up flights."""
    stores = InstalledStores(Installation(here, catalog), catalog.model("flight_delay"))
    deliver(stores, make_flights(stores.model, Days(first=HISTORY.first, last=tomorrow(NIGHT))))
    return stores


def run_night(
    stores: InstalledStores, night: date, recipes: Sequence[str] | None = None
) -> tuple[Decision, ...]:
    """Run a night, publish what it scored in shadow, and return what was decided and entered."""
    done = retraining.run_night(stores, night, recipes)
    assert done.shadow is not None
    stores.installation.lake.publish(stores.model.shadow_contract, done.shadow)
    return done.entered


def tomorrow(night: date) -> date:
    """The night after."""
    return night + timedelta(days=1)


def late_incident(dag: str, also: str | None = None) -> Incident:
    """An incident of a DAG, which another one may have joined."""
    at = datetime(2013, 9, 3, 4, tzinfo=UTC)
    steps = [Step(dag=name, days=Days.one("2013-09-02")) for name in (dag, also) if name]
    return Incident(
        id=f"incident-of-{dag}",
        kind="deadline",
        cause=steps[0],
        what=f"{also or dag} is late",
        severity="critical",
        owners=("a@b.example",),
        failures=tuple(Failure(step=step, since=None) for step in steps),
        opened=at,
        changed=at,
    )
