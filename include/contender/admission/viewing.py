"""Rows that wait in quarantine, for a person's eyes; personal data is masked for those who may not read it."""

from __future__ import annotations

from contender.lake import places
from contender.records import StagedBatch
from contender.specs import Contract
from contender.specs.frozen import Frozen

MASK = "***"
_LONGEST = 60  # characters of a value that are shown


class ShownRows(Frozen):
    """The first rows of a batch as text; `masked` are the columns whose values are not shown."""

    columns: tuple[str, ...]
    masked: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


def show_quarantined(place: str, contract: Contract, *, pii: bool, limit: int = 20) -> ShownRows:
    """Return the first rows of the batch in a folder of the quarantine, as staged; none once it is discarded."""
    batch = StagedBatch.model_validate_json(places.read(places.below(place, "batch.json")))
    personal = {column.name for column in contract.columns if column.pii}
    columns: tuple[str, ...] = contract.column_names
    rows: list[dict[str, object]] = []
    for file in batch.files:
        if len(rows) < limit and places.exists(file.path):
            table = places.read_rows(file.path).slice(0, limit - len(rows))
            columns = tuple(table.column_names)
            rows += table.to_pylist()
    # What no contract names may be anything, a person's address too.
    hidden = personal | (set(columns) - set(contract.column_names))
    masked = () if pii else tuple(name for name in columns if name in hidden)
    return ShownRows(
        columns=columns,
        masked=masked,
        rows=tuple(tuple(_told(row.get(name), hidden=name in masked) for name in columns) for row in rows),
        total=batch.rows,
    )


def _told(value: object, *, hidden: bool) -> str:
    if value is None:
        return "–"  # that a value is missing is no secret, and often what is wrong
    return MASK if hidden else str(value)[:_LONGEST]
