"""A real year of a model as labelled rows: delivered by its source, landed, published and built, as in the nights."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import pandas as pd

from contender.backtesting import History, build_history
from contender.backtesting.history import cut
from contender.ingesting import land
from contender.installation import Installation
from contender.lake import open_lake
from contender.records import identify
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, Days, ModelSpec
from contender.training import training_days
from demo import source

KEPT = PROJECT / "build" / "promotion"
# From the first night that has four weeks of labelled days to fit on, to the last whose outcomes came.
NIGHTS: Mapping[str, Days] = {
    "flight_delay": Days(first=date(2013, 3, 5), last=date(2013, 12, 29)),
    "household_return": Days(first=date(2017, 4, 14), last=date(2017, 12, 24)),
}


def read_year(catalog: Catalog, model: ModelSpec, nights: Days | None = None) -> History:
    """All rows that nights need, by default those of a model's year; built once, and cached below build/."""
    nights = nights or NIGHTS[model.name]
    contracts = (PROJECT / "include" / "catalog" / "datasets").glob("*.py")
    made_from = digest(catalog.model_home(model.name) / "features.py", *contracts)
    place = KEPT / model.name / f"{identify('rows', nights.key, made_from)}.joblib"
    if not place.exists():
        keep(_build(catalog, model, nights).rows, place)
    rows: pd.DataFrame = joblib.load(place)
    first = min(training_days(model, recipe, nights.first).first for recipe in model.all_recipes)
    return cut(model, rows, Days(first=first, last=model.scored_days(nights).last))


def digest(*sources: Path) -> str:
    """A fingerprint of files, in whatever order they are named."""
    return identify("files", *(sha256(path.read_bytes()).hexdigest() for path in sorted(sources)))


def fingerprint(rows: pd.DataFrame) -> str:
    """A fingerprint of rows in their order."""
    return sha256(pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes()).hexdigest()


def keep(thing: object, place: Path) -> None:
    """Write a file atomically, so that a reader finds all of it or nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(".part")
    joblib.dump(thing, draft, compress=3)
    draft.replace(place)


def _build(catalog: Catalog, model: ModelSpec, nights: Days) -> History:
    with TemporaryDirectory(prefix="year-") as folder:
        here = Settings(home=Path(folder), engine="duckdb")
        lake = open_lake(here)
        for given in model.inputs:
            dataset = catalog.dataset(given.name)
            lake.publish(dataset.contract, land(dataset, _deliver(dataset.name, here), here))
        return build_history(
            Installation(here, catalog), model, nights, lambda line: print(line, file=sys.stderr)
        )


def _deliver(dataset: str, here: Settings) -> Days:
    """Deliver all days of a dataset to the landing zone, and return them."""
    its = source.source_of(dataset)
    if dataset not in its.daily:
        source.drop_reference(here.landing, [its])
        return its.days
    days = [
        file.day for file in source.drop(dataset, its.days.each(), here.landing) if file.place and file.day
    ]
    return Days(first=days[0], last=days[-1])
