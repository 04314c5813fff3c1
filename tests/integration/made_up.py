"""Made-up flights in a real lake, and a night of the retrain DAG step by step, with no scheduler around it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from contender.evaluating import evaluate, pair_days
from contender.installation import Installation
from contender.lake import Lake, stage
from contender.promoting import (
    decide_night,
    follow_ledger,
    incumbent_stream,
    promote,
    read_evidence,
    read_standing,
    shadow_streams,
)
from contender.records import (
    Book,
    Decision,
    GateResult,
    TrainedVersion,
    gate_id,
    migrate,
    open_book,
)
from contender.registry import Registry
from contender.scoring import score_in_shadow
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, Contract, Days, ModelSpec, Recipe, load_catalog
from contender.training import TrainingError, keep_environment, train

NIGHT = date(2013, 3, 31)
HISTORY = Days(first=date(2013, 1, 1), last=NIGHT)


@dataclass(frozen=True)
class Place:
    """A model in an installation of its own."""

    catalog: Catalog
    model: ModelSpec
    here: Settings
    lake: Lake
    registry: Registry
    book: Book

    @property
    def installation(self) -> Installation:
        """The installation that the model is in."""
        return Installation(self.here, self.catalog)


def copy_catalog(home: Path) -> Catalog:
    """The project's catalog without behaviour tests: made-up flights do not behave as flights do."""
    shutil.copytree(PROJECT / "include" / "catalog", home)
    for tests in home.glob("models/*/behaviour.py"):
        tests.unlink()
    return load_catalog(home)


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


def publish(
    lake: Lake, contract: Contract, rows: pd.DataFrame, here: Settings, *, gated: bool = True
) -> None:
    """Make the rows part of the contract's table, with the word of a gate in the book."""
    table = pa.Table.from_pandas(rows[list(contract.column_names)], preserve_index=False)
    days = Days(first=rows["day"].min(), last=rows["day"].max())
    batch = stage(table, contract, days, here.staging)
    if gated:
        migrate(here.records)
        open_book(here.records).gates.add(
            GateResult(
                id=gate_id(batch, "made up"),
                table=batch.table,
                owner=contract.owner,
                days=days,
                run="made up",
                verdict="pass",
                rows=batch.rows,
                fingerprint=batch.fingerprint,
                expectations=(),
            )
        )
    lake.publish(contract, batch)


def live_night(place: Place, night: date, recipes: Sequence[str] | None = None) -> tuple[Decision, ...]:
    """What the tasks of dags/retrain.py do, in their order; `recipes` are those that do not crash tonight.

    A recipe that cannot be fitted stays out. Raises TrainingError when none can, EvaluationError when there is
    nothing to judge on: then the DAG has failed, after `pair`, and nothing is decided nor scored in the shadow.
    """
    model, lake, registry, book = place.model, place.lake, place.registry, place.book
    follow_ledger(model.name, book, registry)
    versions = _fit(place, night, [r for r in model.recipes if recipes is None or r.name in recipes])
    keep_environment(book)
    evidence = _weigh(place, night, versions)
    evaluations = [evaluate(place.catalog, model, version, lake, registry, book) for version in versions]
    decisions = decide_night(evaluations, evidence, read_standing(model.name, book), model.guards)
    entries = promote(decisions, book, registry)
    streams = shadow_streams(
        model, read_standing(model.name, book), night, versions, book.ledger.decisions(model.name, limit=1000)
    )
    shadow = score_in_shadow(place.installation, model, streams, Days.one(night))
    lake.publish(model.shadow_contract, shadow)
    return tuple(entry.decision for entry in entries)


def _fit(place: Place, night: date, recipes: Sequence[Recipe]) -> list[TrainedVersion]:
    fitted, mistake = [], None
    for recipe in recipes:
        try:
            fitted.append(train(place.catalog, place.model, recipe, night, place.lake, place.registry))
        except TrainingError as error:
            mistake = error
    if not fitted and mistake is not None:
        raise mistake
    return fitted


def _weigh(place: Place, night: date, versions: Sequence[TrainedVersion]):
    standing = read_standing(place.model.name, place.book)
    if standing is None:
        return ()
    champion = place.registry.version(place.model.name, standing.champion)
    incumbent = incumbent_stream(standing, champion, versions)
    pair_days(
        place.catalog,
        place.model,
        night,
        standing.since,
        incumbent,
        standing.champion,
        place.lake,
        place.book,
    )
    return read_evidence(place.model, standing, incumbent, place.book)


def tomorrow(night: date) -> date:
    """The night after."""
    return night + timedelta(days=1)
