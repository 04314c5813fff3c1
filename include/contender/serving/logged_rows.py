"""The rows of the request log that describe answers: a row for each prediction, with its features as used."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pyarrow as pa

from contender.lake.schema import arrow_schema
from contender.serving.answering import Answered
from contender.specs import ModelSpec


def tabulate(answers: Sequence[Answered]) -> pa.Table:
    """Return the rows of answers of one model, with the columns of its request log."""
    model = answers[0].version.model
    schema = arrow_schema(model.request_contract)
    used = _used(model, answers, schema)
    counts = [answered.rows for answered in answers]

    def repeat(values: Sequence[object]) -> list[object]:
        return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]

    columns = {
        "day": repeat([answered.at.date() for answered in answers]),
        "request_id": repeat([answered.request_id for answered in answers]),
        "request_row": list(chain.from_iterable(answered.row_numbers for answered in answers)),
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


def _used(model: ModelSpec, answers: Sequence[Answered], schema: pa.Schema) -> pa.Table:
    """Return the keys and features of all answers; rows that were sent in full have no keys.

    Answers are put together by the day that they were looked up in: a table for each would hold up the threads that
    answer.
    """
    keys = [column.name for column in model.keys]
    wanted = pa.schema([schema.field(name) for name in (*keys, *model.feature_names)])
    ends = np.cumsum([answered.rows for answered in answers])
    of_day: dict[int, list[int]] = {}
    for nth, answered in enumerate(answers):
        of_day.setdefault(0 if answered.found is None else id(answered.found.day), []).append(nth)
    tables, places = [], []
    for of_same in of_day.values():
        found = [answers[nth] for nth in of_same]
        tables.append(_looked_up(found, wanted) if found[0].found else _sent(found, keys, wanted))
        places += [np.arange(ends[nth] - answers[nth].rows, ends[nth]) for nth in of_same]
    return pa.concat_tables(tables).take(np.argsort(np.concatenate(places)))


def _looked_up(answers: Sequence[Answered], wanted: pa.Schema) -> pa.Table:
    """Return the rows of answers that were looked up in the same day."""
    found = [answered.found for answered in answers if answered.found is not None]
    places = [place for one in found for place in one.places]
    return found[0].day.rows.select(wanted.names).take(pa.array(places, pa.int64())).cast(wanted)


def _sent(answers: Sequence[Answered], keys: Sequence[str], wanted: pa.Schema) -> pa.Table:
    """Return the rows of answers that were sent in full."""
    rows = pa.concat_tables([answered.asked.rows for answered in answers]).combine_chunks()
    missing = [pa.nulls(rows.num_rows, wanted.field(key).type) for key in keys]
    return pa.table([*missing, *(rows[name] for name in wanted.names[len(keys) :])], schema=wanted)
