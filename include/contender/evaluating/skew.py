"""Compare the predictions that were served for the evaluated days with those from the features published now.

Features that were rebuilt after they had served may know what happened since. Versions that are evaluated and fitted on
them look better than they will be when they serve. A prediction that is made again from unchanged features is equal.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.evaluating.remember import excused_days
from contender.installation import Installation
from contender.measures import Predictions, read_scores
from contender.records import ServingSkew, TrainedVersion
from contender.registry import try_predict
from contender.specs import Days, ModelSpec

# Libraries of another version may round differently.
TOLERANCE = 1e-6


def measure_skew(
    installation: Installation, model: ModelSpec, challenger: TrainedVersion, days: Days
) -> ServingSkew | None:
    """Make the predictions served for some days again, from the features that a challenger was evaluated on.

    Days that a person replaced or released since are left out. None if nothing was served.
    """
    lake, since = installation.lake, datetime.combine(days.first, time(), UTC)
    snapshots = {pin.table: pin.snapshot for pin in challenger.pins}
    served = lake.read(model.prediction_contract, days).to_pandas()
    acts = installation.book.acts.corrections_since(since)
    excused = excused_days(installation.catalog, model, acts, since) & set(served["day"])
    served = served[~served["day"].isin(excused)]
    if served.empty:
        return None
    table = model.feature_contract
    features = lake.read(table, days, snapshot=snapshots.get(table.table)).to_pandas()
    changed = sum(
        _count_changed(installation, model, int(version), rows, features)
        for version, rows in served.groupby("model_version")
    )
    return ServingSkew(rows=len(served), changed=changed, excused_days=len(excused))


def _count_changed(
    installation: Installation, model: ModelSpec, version: int, served: pd.DataFrame, features: pd.DataFrame
) -> int:
    """Return the number of a version's rows whose prediction differs from the served one, or is not published."""
    key = list(model.row_key)
    both = served.merge(features, on=key, how="inner", validate="one_to_one")
    registry = installation.registry
    columns = registry.version(model.name, version).features
    again, _ = try_predict(model, registry.load(model.name, version), both, columns)
    return len(served) - int(np.count_nonzero(are_equal(read_scores(model, both), again)))


def are_equal(served: Predictions, again: Predictions) -> NDArray[np.bool_]:
    """Return, for each row, whether all its predictions are equal but for rounding; NaN equals NaN."""
    equal = np.isclose(again, served, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    return np.asarray(np.reshape(equal, (len(served), -1)).all(axis=1), dtype=np.bool_)
