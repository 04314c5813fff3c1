"""Features, labels and served predictions of some days as one DataFrame, for notebooks; no store is written to."""

from __future__ import annotations

import contextlib
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa

from contender.featurizing.plan import plan_features
from contender.featurizing.run import collect, run_in_process, run_on_spark
from contender.installation import Installation
from contender.lake import places
from contender.lake.schema import arrow_schema
from contender.records import StagedBatch
from contender.specs import Contract, Days, ModelSpec, dag_id


class FrameError(LookupError):
    """A model has no features of these days; the message says how to get them."""


def read_frame(
    installation: Installation, model: str, days: Days | str, *, fresh: bool = False
) -> pd.DataFrame:
    """Return a row per scored row of these days: keys, features, label, weights, and the served prediction.

    `days` is a day or a range, such as "2013-09-02" or "2013-09-02..2013-09-08". Rows whose label is not known yet, or
    that were not scored, have no value there. With `fresh`, features and labels are built from the datasets with the
    model's current features.py, in a temporary folder; otherwise they are read from the published tables. Raises
    FrameError if there are no features of these days, and BuildError if they cannot be built.
    """
    spec = installation.catalog.model(model)
    wanted = Days.read(days) if isinstance(days, str) else days
    if fresh:
        built = build_in_scratch(installation, spec, _nights_of(spec, wanted))
        features, labels = (_only(built[name], wanted) for name in ("features", "labels"))
    else:
        features, labels = (
            _read(installation, contract, wanted) for contract in (spec.feature_contract, spec.label_contract)
        )
    if features.empty:
        raise FrameError(_explain_none(spec, wanted, fresh=fresh))
    served = _read(installation, spec.prediction_contract, wanted)
    keys = list(spec.row_key)
    frame = features.merge(labels, on=keys, how="left", validate="one_to_one")
    predicted = served[[*keys, *spec.score_names, "model_version"]]
    return frame.merge(predicted, on=keys, how="left", validate="one_to_one")


def build_in_scratch(installation: Installation, model: ModelSpec, nights: Days) -> dict[str, pa.Table]:
    """Build the features and labels of these nights in a temporary folder; the lake is not changed.

    They are built in process, or on Spark on this machine if the model's spec asks for Spark. Raises BuildError.
    """
    with TemporaryDirectory(prefix="contender-build-") as folder:
        scratch = installation.settings.moved_to(Path(folder)).model_copy(update={"engine": "duckdb"})
        plan = plan_features(installation.catalog, model, nights, installation.lake, scratch)
        with contextlib.redirect_stdout(sys.stderr):
            (run_on_spark if plan.engine == "spark" else run_in_process)(plan)
        batches = collect(model, plan, scratch)
        contracts = {"features": model.feature_contract, "labels": model.label_contract}
        return {name: _read_batch(batch, contracts[name]) for name, batch in batches.items()}


def _read_batch(batch: StagedBatch, contract: Contract) -> pa.Table:
    none = arrow_schema(contract).empty_table()
    return pa.concat_tables([none, *(places.read_rows(file.path) for file in batch.files)])


def _nights_of(model: ModelSpec, days: Days) -> Days:
    """Return the nights that build the features of these days, or their labels."""
    return Days(
        first=days.first - timedelta(days=model.horizon_days),
        last=days.last + timedelta(days=model.label_maturity_days),
    )


def _read(installation: Installation, contract: Contract, days: Days) -> pd.DataFrame:
    rows: pd.DataFrame = installation.lake.read(contract, days).to_pandas()
    return rows


def _only(rows: pa.Table, days: Days) -> pd.DataFrame:
    frame: pd.DataFrame = rows.to_pandas()
    return frame[frame["day"].between(days.first, days.last)].reset_index(drop=True)


def _explain_none(model: ModelSpec, days: Days, *, fresh: bool) -> str:
    if fresh:
        return f"{model.name}: the datasets give no features of {days.key}: load the days before with their ingest DAGs"
    return (
        f"{model.name}: no features of {days.key} are published: run {dag_id('features', model.name)} for these days, "
        "or build them from the datasets with fresh=True"
    )
