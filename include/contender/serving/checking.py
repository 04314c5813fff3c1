"""Check a loaded version before it serves: it must repeat the predictions, or the loss, that were recorded of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contender.evaluating import fingerprint_criteria
from contender.installation import Installation
from contender.lake import Lake, lost_pins, read_examples
from contender.measures import choose_loss, kind_of, mean_loss, read_scores
from contender.records import Pin
from contender.serving.days import FeatureDay, read_day
from contender.serving.deciding import Checked, Source, check_finite, check_loss, compare_predictions
from contender.serving.versions import LoadedVersion
from contender.specs import Contract, Days

_NEWEST_DAYS = 14  # of predictions in which those of a version are sought


def check_version(here: Installation, version: LoadedVersion) -> Checked:
    """Predict rows with a version, and compare with the newest record of it.

    The record is, in this order: served predictions, shadow predictions, the loss on its evaluated days. Without any,
    the predictions of the newest features must be finite. Raises PredictionError if it cannot predict the rows.
    """
    model = version.model
    for contract, source in _tables(version):
        checked = _check_recorded(here.lake, version, contract, source)
        if checked is not None:
            return checked
    return _check_evaluation(here, version) or _check_newest(here.lake, model.feature_contract, version)


def _tables(version: LoadedVersion) -> Iterator[tuple[Contract, Source]]:
    yield version.model.prediction_contract, "predictions"
    yield version.model.shadow_contract, "shadow predictions"


def _check_recorded(lake: Lake, version: LoadedVersion, contract: Contract, source: Source) -> Checked | None:
    """Compare with the newest day of a table that has predictions of the version and whose features can be read."""
    model = version.model
    features = model.feature_contract.table
    for day in reversed(lake.days(contract.table)[-_NEWEST_DAYS:]):
        rows = lake.read(contract, Days(first=day, last=day))
        rows = rows.filter(pc.equal(rows["model_version"], version.number))
        if rows.num_rows == 0:
            continue
        if source == "shadow predictions":
            rows = rows.filter(pc.equal(rows["stream"], rows["stream"][0]))
        snapshot = rows["feature_snapshot"][0].as_py()
        if lost_pins(lake, (Pin(table=features, snapshot=snapshot),)):
            continue
        if (read := read_day(model, lake, day, snapshot)) is not None:
            return _compare(version, read, rows, source)
    return None


def _compare(version: LoadedVersion, features: FeatureDay, recorded: pa.Table, source: Source) -> Checked:
    model = version.model
    found = version.predict(features.frame)
    keys = zip(*(recorded[column.name].to_pylist() for column in model.keys), strict=True)
    places = [features.places.get(key) for key in keys]
    known = [place for place in places if place is not None]
    if len(known) < len(places):  # rows were erased since
        recorded = recorded.filter(pa.array([place is not None for place in places]))
    return compare_predictions(source, read_scores(model, recorded.to_pandas()), found[known])


def _check_evaluation(here: Installation, version: LoadedVersion) -> Checked | None:
    """Compare with the loss on the evaluated days, if these rows and the criteria are still there."""
    model, home = version.model, here.catalog.model_home(version.model.name)
    evaluation = here.book.evaluations.of_version(model.name, version.number)
    if (
        evaluation is None
        or evaluation.failure is not None
        or evaluation.unusable_predictions
        or evaluation.criteria != fingerprint_criteria(model, home)
        or lost_pins(here.lake, version.record.pins)
    ):
        return None
    rows = read_examples(here.lake, model, evaluation.judged_on, version.record.pins, measured=True)
    if len(rows) != evaluation.challenger_measures.rows:  # some were erased
        return None
    outcomes = kind_of(model).encode(rows["label"])
    found = mean_loss(choose_loss(model, home), outcomes, version.predict(rows))
    return check_loss(len(rows), evaluation.challenger_measures.loss, found)


def _check_newest(lake: Lake, features: Contract, version: LoadedVersion) -> Checked:
    newest = lake.newest_day(features.table)
    read = None if newest is None else read_day(version.model, lake, newest)
    if read is None:
        return Checked(against="newest features", rows=0)
    found = np.asarray(version.predict(read.frame), dtype=np.float64)
    return check_finite(found)
