"""Make the published predictions of a day again, and compare them row by row.

The registry's version predicts the features of the snapshot that was scored, whatever was corrected since. Predictions
that were joined to other rows, replaced, or made by other software are found without outcomes.
"""

from __future__ import annotations

import logging
from datetime import date

import numpy as np
import pandas as pd

from contender.installation import Installation
from contender.lake import lost_pins, read_measured
from contender.measures import read_scores, try_predict
from contender.records import Pin, ScoreSkew
from contender.specs import Days, ModelSpec

log = logging.getLogger(__name__)

# The same pipeline may add numbers in another order on another machine; a fault differs by far more.
_RELATIVE, _ABSOLUTE = 1e-6, 1e-9


def measure_skew(installation: Installation, model: ModelSpec, day: date) -> ScoreSkew | None:
    """Compare the published predictions of a day with those of the same version and snapshot.

    Return None if there are none, or if the version or the snapshot no longer exists.
    """
    from contender.registry import UnknownVersion

    lake = installation.lake
    served = read_measured(lake, model, model.prediction_contract, Days.one(day)).to_pandas()
    if served.empty:
        return None
    version, snapshot = int(served["model_version"].iloc[0]), int(served["feature_snapshot"].iloc[0])
    contract = model.feature_contract
    if lost_pins(lake, (Pin(table=contract.table, snapshot=snapshot),)):
        log.warning("%s: snapshot %s, scored on %s, no longer exists", contract.table, snapshot, day)
        return None
    try:
        trained = installation.registry.version(model.name, version)
    except UnknownVersion as error:
        log.warning("Predictions of %s are not made again: %s", day, error)
        return None
    pipeline = installation.registry.load(model.name, version)
    rows = read_measured(lake, model, contract, Days.one(day), snapshot=snapshot).to_pandas()
    scores, _ = try_predict(model, pipeline, rows, trained.features)
    again = rows[list(model.row_key)]
    again = again.assign(**dict(zip(model.score_names, scores.reshape(len(rows), -1).T, strict=True)))
    return compare_scores(model, served, again)


def compare_scores(model: ModelSpec, served: pd.DataFrame, again: pd.DataFrame) -> ScoreSkew:
    """Count the rows whose published scores differ from those of the other table, or that are missing in one.

    Both have the row key and the scores of a day; `served` has the version that made them.
    """
    key, names = list(model.row_key), list(model.score_names)
    both = served[[*key, *names]].merge(again[[*key, *names]], on=key, suffixes=("", " again"))
    theirs = read_scores(model, both)
    ours = read_scores(model, both[[f"{name} again" for name in names]].set_axis(names, axis="columns"))
    same = np.isclose(theirs, ours, rtol=_RELATIVE, atol=_ABSOLUTE).reshape(len(both), -1).all(axis=1)
    rows = len(served) + len(again) - len(both)
    return ScoreSkew(
        day=served["day"].iloc[0],
        version=int(served["model_version"].iloc[0]),
        rows=rows,
        differing=rows - int(same.sum()),
    )
