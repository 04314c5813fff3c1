"""The rows of the request log that describe answers: a row for each prediction, with its features as used."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import pyarrow as pa

from contender.lake.schema import arrow_schema
from contender.serving.answering import Answered
from contender.specs import ModelSpec


def tabulate(answers: Sequence[Answered]) -> pa.Table:
    """Return the rows of answers of one model, with the columns of its request log."""
    model = answers[0].version.model
    schema = arrow_schema(model.request_contract)
    used = pa.concat_tables([_used(model, answered, schema) for answered in answers])
    counts = [answered.rows for answered in answers]

    def repeat(values: Sequence[object]) -> list[object]:
        return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]

    columns = {
        "day": repeat([answered.at.date() for answered in answers]),
        "request_id": repeat([answered.request_id for answered in answers]),
        "request_row": list(chain.from_iterable(map(range, counts))),
        "answered_at": repeat([answered.at for answered in answers]),
        "model_version": repeat([answered.version.number for answered in answers]),
        "model_role": repeat([answered.role for answered in answers]),
        "feature_day": repeat([answered.asked.day for answered in answers]),
        "feature_snapshot": repeat([answered.snapshot for answered in answers]),
    }
    for name in model.score_names:
        columns[name] = list(chain.from_iterable(answered.scores[name] for answered in answers))
    arrays = {name: pa.array(values, schema.field(name).type) for name, values in columns.items()}
    return pa.table([arrays[n] if n in arrays else used[n] for n in schema.names], schema=schema)


def _used(model: ModelSpec, answered: Answered, schema: pa.Schema) -> pa.Table:
    """Return the keys and features of an answer; rows that were sent in full have no keys."""
    keys = [column.name for column in model.keys]
    names = [*keys, *model.feature_names]
    wanted = pa.schema([schema.field(name) for name in names])
    if answered.found is not None:
        found = answered.found
        rows = found.day.rows.select(names).take(pa.array(found.places, pa.int64()))
        return rows.cast(wanted)
    rows = answered.asked.rows
    assert rows is not None
    missing = [pa.nulls(rows.num_rows, schema.field(key).type) for key in keys]
    return pa.table([*missing, *(rows[name] for name in model.feature_names)], schema=wanted)
