"""Compute the logged answers of a day again by batch scoring, and compare them bit by bit.

Features that were looked up are read again from the snapshot that answered, and their whole day is predicted. Rows that
were sent in full are predicted all at once; those that differ then are predicted once more as they were sent, because
some pipelines round differently with other rows beside a row.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from contender.alerting import Difference, RequestCheck
from contender.installation import Installation
from contender.lake import Lake, lost_pins, unmerged_days
from contender.measures import PredictionError
from contender.records import Pin
from contender.redaction import redact
from contender.scoring import Scorer, load_scorer
from contender.specs import Days, ModelSpec

log = logging.getLogger(__name__)

MOST_SHOWN = 20


class _Unchecked(NamedTuple):
    rows: int
    reason: str


_Result = Difference | _Unchecked


def check_requests(here: Installation, model: ModelSpec, day: date) -> RequestCheck:
    """Compute all logged answers of a day (in UTC) again. This changes nothing."""
    rows = here.lake.read(model.request_contract, Days.one(day))
    shown: list[Difference] = []
    differing: set[tuple[str, int, int]] = set()
    unchecked: Counter[str] = Counter()
    for found in _compare_all(here, model, rows):
        if isinstance(found, _Unchecked):
            unchecked[found.reason] += found.rows
            continue
        differing.add((found.request, found.row, found.version))
        if len(shown) < MOST_SHOWN:
            shown.append(found)
    return RequestCheck(
        model=model.name,
        day=day,
        rows=rows.num_rows,
        repeated=rows.num_rows - len(differing) - unchecked.total(),
        differing=len(differing),
        unchecked=dict(unchecked),
        differences=tuple(shown),
    )


def days_to_check(lake: Lake, model: ModelSpec, now: datetime) -> list[date]:
    """Return yesterday, and earlier days to which rows were added since they were checked; only days with rows."""
    yesterday = now.astimezone(UTC).date() - timedelta(days=1)
    added = {day for day in unmerged_days(lake, model.request_contract) if day <= yesterday}
    return sorted(added | ({yesterday} & set(lake.days(model.request_contract.table))))


def _compare_all(here: Installation, model: ModelSpec, rows: pa.Table) -> Iterator[_Result]:
    from contender.registry import UnknownVersion

    for version in pc.unique(rows["model_version"]).to_pylist():
        of_version = rows.filter(pc.equal(rows["model_version"], version))
        try:
            scorer = load_scorer(model, version, here.registry)
        except UnknownVersion as error:
            yield _Unchecked(of_version.num_rows, str(error))
            continue
        for snapshot in pc.unique(of_version["feature_snapshot"]).to_pylist():
            if snapshot is None:
                sent = of_version.filter(pc.is_null(of_version["feature_snapshot"]))
                yield from _compare_sent(scorer, sent)
            else:
                asked = of_version.filter(pc.equal(of_version["feature_snapshot"], snapshot))
                yield from _compare_looked_up(here.lake, scorer, snapshot, asked)


def _compare_sent(scorer: Scorer, rows: pa.Table) -> Iterator[Difference]:
    suspect = np.asarray(_differing_scores(scorer, rows).any(axis=1))
    for first, end in _spans(rows["request_id"].to_numpy()):
        if suspect[first:end].any():
            one = rows.slice(first, end - first)
            yield from _explain(scorer.model, one, _computed(scorer, one), scorer.model.score_names)


def _spans(values: NDArray[np.object_]) -> Iterator[tuple[int, int]]:
    """Yield the first and the end of each run of equal values; the rows of a request follow each other."""
    begins = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    ends = np.append(begins[1:], len(values))
    return ((int(first), int(end)) for first, end in zip(begins, ends, strict=True))


def _compare_looked_up(lake: Lake, scorer: Scorer, snapshot: int, rows: pa.Table) -> Iterator[_Result]:
    contract = scorer.model.feature_contract
    if lost_pins(lake, (Pin(table=contract.table, snapshot=snapshot),)):
        yield _Unchecked(rows.num_rows, f"snapshot {snapshot} of {contract.table} no longer exists")
        return
    keys = [column.name for column in scorer.model.keys]
    compared = (*scorer.model.feature_names, *scorer.model.score_names)
    for day in pc.unique(rows["feature_day"]).to_pylist():
        logged = rows.filter(pc.equal(rows["feature_day"], pa.scalar(day, pa.date32())))
        features = lake.read(contract, Days.one(day), snapshot=snapshot)
        places = {key: place for place, key in enumerate(_tuples(features, keys))}
        found = pa.array([places.get(key) for key in _tuples(logged, keys)], pa.int64())
        for row in logged.filter(pc.is_null(found)).to_pylist():
            yield _difference(scorer.model, row, keys[0], None)
        known = pc.is_valid(found)
        computed = _computed(scorer, features).take(found.filter(known))
        yield from _explain(scorer.model, logged.filter(known), computed, compared)


def _computed(scorer: Scorer, features: pa.Table) -> pa.Table:
    """Return the rows with the scores that batch scoring gives them; NaN if it cannot predict them."""
    rows = features.select(list(scorer.model.feature_names))
    names = scorer.model.score_names
    try:
        scores = scorer.score(rows.to_pandas())
    except PredictionError as error:
        log.warning(
            "Logged answers of %s cannot be predicted again: %s", scorer.model.name, redact(str(error))
        )
        scores = {name: np.full(rows.num_rows, np.nan) for name in names}
    for name in names:
        rows = rows.append_column(name, pa.array(scores[name], pa.float64()))
    return rows


def _differing_scores(scorer: Scorer, rows: pa.Table) -> NDArray[np.bool_]:
    computed = _computed(scorer, rows)
    names = scorer.model.score_names
    return np.column_stack([_differ(rows[name], computed[name]) for name in names])


def _explain(
    model: ModelSpec, logged: pa.Table, computed: pa.Table, names: Sequence[str]
) -> Iterator[Difference]:
    """Yield each value that differs, row by row."""
    differ = np.column_stack([_differ(logged[name], computed[name]) for name in names])
    for place in np.flatnonzero(differ.any(axis=1)):
        row, other = (table.slice(place, 1).to_pylist()[0] for table in (logged, computed))
        for name in [name for name, differs in zip(names, differ[place], strict=True) if differs]:
            yield _difference(model, row, name, other[name])


def _differ(left: pa.ChunkedArray, right: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return for each row whether two columns differ in a bit; missing values are equal."""
    missing = [np.asarray(pc.is_null(column)) for column in (left, right)]
    if pa.types.is_floating(left.type):
        bits = [pc.fill_null(c, 0.0).to_numpy().view(np.int64) for c in (left, right)]
        unequal = bits[0] != bits[1]
    else:
        unequal = ~np.asarray(pc.fill_null(pc.equal(left, right), True), dtype=bool)
    return np.asarray((missing[0] != missing[1]) | (~missing[0] & ~missing[1] & unequal))


def _difference(model: ModelSpec, row: dict[str, Any], column: str, computed: object) -> Difference:
    """Describe a value that differs; personal data is masked."""
    masked = column in {c.name for c in model.request_contract.columns if c.pii}
    return Difference(
        request=row["request_id"],
        row=row["request_row"],
        version=row["model_version"],
        column=column,
        logged="***" if masked else _show(row[column]),
        computed="***" if masked and computed is not None else _show(computed),
    )


def _tuples(rows: pa.Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(rows[name].to_pylist() for name in names), strict=True)


def _show(value: object) -> str:
    return "none" if value is None else repr(value)
