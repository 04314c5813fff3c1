"""The history that each way of running a night starts from: 244 days of flights, and a first version that serves."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

from contender.admission import gate_batch, publish_batch
from contender.batch_scoring import score_by_ledger
from contender.featurizing import collect, plan_features, run_in_process
from contender.ingesting import land
from contender.installation import Installation
from contender.records import StagedBatch, migrate
from contender.retraining import InstalledStores, run_night
from contender.settings import Settings
from contender.specs import Days
from demo import source

MODEL = "flight_delay"
HISTORY = Days(first=date(2013, 1, 1), last=date(2013, 8, 31))
DAILY = {"departures": 0, "weather": 0, "schedule": 1}  # days that a delivery is ahead of its night
_RUN = "history"


def prepare_history(home: Path) -> None:
    """Load the history into a home and let its last night make the first champion; nothing is done twice."""
    if (home / "complete").exists():
        return
    shutil.rmtree(home, ignore_errors=True)
    here = Installation(Settings(home=home, engine="duckdb"))
    publish_datasets(here)
    _build_features(here)
    stores = InstalledStores(here, here.catalog.model(MODEL))
    night = run_night(stores, HISTORY.last)
    assert night.shadow is not None
    assert night.entered[0].kind == "first", night.entered[0].summary()
    _admit(here, night.shadow)
    _admit(here, score_by_ledger(here, stores.model, Days.one(HISTORY.last)))
    (home / "complete").touch()


def publish_datasets(here: Installation) -> None:
    """Deliver, check and publish the datasets of the history."""
    migrate(here.settings.records)
    source.drop_reference(here.settings.landing, [source.flights.SOURCE])
    for name in source.flights.SOURCE.reference:
        _admit(here, land(here.catalog.dataset(name), Days.one(HISTORY.last), here.settings))
    for name, lead in DAILY.items():
        days = Days(first=HISTORY.first, last=HISTORY.last + timedelta(days=lead))
        source.drop(name, days.each(), here.settings.landing)
        _admit(here, land(here.catalog.dataset(name), days, here.settings))


def deliver_night(night: date, landing: str) -> None:
    """Deliver the files of a night."""
    for name, lead in DAILY.items():
        source.drop(name, [night + timedelta(days=lead)], landing)


def _build_features(here: Installation) -> None:
    model = here.catalog.model(MODEL)
    nights = Days(first=HISTORY.first - timedelta(days=1), last=HISTORY.last)
    plan = plan_features(here.catalog, model, nights, here.lake, here.settings)
    run_in_process(plan)
    for batch in collect(model, plan, here.settings).values():
        _admit(here, batch)


def _admit(here: Installation, batch: StagedBatch) -> None:
    result = gate_batch(here, batch, _RUN)
    if result.verdict == "fail":
        raise SystemExit(f"{batch.table} {batch.days.key} failed its gate: {result.failed}, {result.defects}")
    publish_batch(here, batch, _RUN)
