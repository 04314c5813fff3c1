"""Show quarantined rows to people. Personal data is masked for those who may not read it."""

from __future__ import annotations

from contender.lake import places
from contender.records import StagedBatch
from contender.specs import Contract
from contender.specs.frozen import Frozen

MASK = "***"
_LONGEST = 60  # characters shown of a value


class ShownRows(Frozen):
    """The first rows of a batch as text, and the columns whose values are masked."""

    columns: tuple[str, ...]
    masked: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


def show_quarantined(place: str, contract: Contract, *, pii: bool, limit: int = 20) -> ShownRows:
    """Return the first staged rows of a batch in the quarantine; none if it was discarded."""
    batch = StagedBatch.model_validate_json(places.read(places.below(place, "batch.json")))
    personal = {column.name for column in contract.columns if column.pii}
    columns: tuple[str, ...] = contract.column_names
    rows: list[dict[str, object]] = []
    for file in batch.files:
        if len(rows) < limit and places.exists(file.path):
            table = places.read_rows(file.path).slice(0, limit - len(rows))
            columns = tuple(table.column_names)
            rows += table.to_pylist()
    # Columns that are not in the contract may contain personal data.
    hidden = personal | (set(columns) - set(contract.column_names))
    masked = () if pii else tuple(name for name in columns if name in hidden)
    return ShownRows(
        columns=columns,
        masked=masked,
        rows=tuple(
            tuple(format_value(row.get(name), hidden=name in masked) for name in columns) for row in rows
        ),
        total=batch.rows,
    )


def format_value(value: object, *, hidden: bool) -> str:
    """Return a value as text, cut to a length; masked if it is hidden."""
    if value is None:
        return "–"  # missing values are shown even in masked columns: they are often the defect
    return MASK if hidden else str(value)[:_LONGEST]
