"""Generated models and datasets with small real data: the flights to each destination, five models of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from contender.admission import gate_batch, publish_batch
from contender.batch_scoring import score_by_ledger
from contender.drafting import draft_model, write_draft
from contender.featurizing import collect, plan_features, run_in_process
from contender.ingesting import land
from contender.installation import Installation
from contender.lake import stage
from contender.records import StagedBatch, migrate
from contender.retraining import InstalledStores, run_night
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, DatasetSpec, Days, ModelSpec, load_catalog
from demo import source

NIGHT = date(2013, 9, 1)
HISTORY = Days(first=date(2013, 4, 1), last=NIGHT - timedelta(days=1))
BUILT = Days(first=date(2013, 6, 1), last=HISTORY.last)  # nights whose features and labels exist
READERS = 5  # models of a dataset
SOURCE = "departures"
_RUN = "history"


def write_catalog(home: Path, models: int) -> Catalog:
    """Write contracts of the busiest destinations' flights, and five drafted models of each."""
    (home / "datasets").mkdir(parents=True)
    text = (PROJECT / "include" / "catalog" / "datasets" / f"{SOURCE}.py").read_text()
    names = [f"to_{dest.lower()}" for dest in _busiest(-(-models // READERS))]
    for name in names:
        own = text.replace(f'name="{SOURCE}"', f'name="{name}"').replace(
            f"{SOURCE}/{{day}}", f"{name}/{{day}}"
        )
        own = re.sub(r"RowCount\(.*\)", "RowCount(low=1, high=500)", own)
        own = own.replace("RowCount\n", "RowCount, Usual\n", 1)
        # With a few flights a day, a holiday has half as many.
        own = own.replace("    primary_key=", '    usual=Usual(volume_severity="warn"),\n    primary_key=')
        (home / "datasets" / f"{name}.py").write_text(own)
    datasets = load_catalog(home)
    for nth in range(models):
        name = names[nth // READERS]
        write_draft(draft_model(f"late_{name}_{nth % READERS}", datasets.dataset(name)), home)
    return load_catalog(home)


def deliver(spec: DatasetSpec, days: Days, here: Settings) -> None:
    """Write the flights of days to the dataset's destination into the landing zone."""
    rows = source.rows_of(SOURCE, days).to_pandas()
    rows = rows[rows["dest"] == spec.name.removeprefix("to_").upper()]
    for day, of_day in rows.groupby("day"):
        assert spec.delivery.path is not None
        file = Path(here.landing) / spec.delivery.path.format(day=day)
        file.parent.mkdir(parents=True, exist_ok=True)
        of_day.to_csv(file, index=False)


def write_history(here: Installation) -> Iterator[str]:
    """Publish the history of all datasets and models, fit the first champions, and yield what is done.

    Models of a dataset have the same features, which are built once.
    """
    migrate(here.settings.records)
    for spec in here.catalog.datasets.values():
        deliver(spec, HISTORY, here.settings)
        _admit(here, land(spec, HISTORY, here.settings))
        models = [one for one in here.catalog.models.values() if one.inputs[0].dataset == spec.name]
        _publish_features(here, models)
        for model in models:
            first = run_night(InstalledStores(here, model), HISTORY.last)
            if first.entered[0].kind == "first":
                assert first.shadow is not None
                _admit(here, first.shadow)
                _admit(here, score_by_ledger(here, model, Days.one(HISTORY.last)))
        yield f"{spec.name}: {len(models)} models"


def _publish_features(here: Installation, models: list[ModelSpec]) -> None:
    plan = plan_features(here.catalog, models[0], BUILT, here.lake, here.settings)
    run_in_process(plan)
    for output, batch in collect(models[0], plan, here.settings).items():
        rows = pq.read_table([file.path for file in batch.files])
        _admit(here, batch)
        for model in models[1:]:
            contract = {"features": model.feature_contract, "labels": model.label_contract}[output]
            _admit(here, stage(rows, contract, batch.days, here.settings.staging))


def _admit(here: Installation, batch: StagedBatch) -> None:
    result = gate_batch(here, batch, _RUN)
    if result.verdict == "fail":
        raise SystemExit(f"{batch.table} {batch.days.key} failed its gate: {result.failed}, {result.defects}")
    publish_batch(here, batch, _RUN)


def _busiest(number: int) -> list[str]:
    """Return the destinations with most flights that have some on every day."""
    rows = source.rows_of(SOURCE, Days(first=HISTORY.first, last=NIGHT)).to_pandas()
    daily = pd.crosstab(rows["day"], rows["dest"])
    always = daily.loc[:, (daily > 0).all()].sum().sort_values(ascending=False)
    if number > len(always):
        raise SystemExit(
            f"at most {len(always) * READERS} models can be made: as many destinations have daily flights"
        )
    return [str(dest) for dest in always.index[:number]]
