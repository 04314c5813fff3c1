"""Show the failing rows of a quarantined batch beside the last good ones. Personal data is masked for some readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from contender.admission.viewing import MASK, format_value
from contender.lake import Lake, places
from contender.records import GateResult, StagedBatch
from contender.specs import Contract, Days
from contender.specs.frozen import Frozen

MOST_ROWS = 1_000_000  # of a batch or a day, so that a page reads few seconds
MOST_SHOWN, EXAMPLES = 20, 5
REACHING_BACK = 60  # days, for the last good one

Key = tuple[str, ...]


class ComparedRow(Frozen):
    """A row of the batch, or of the last good day, as text."""

    good: bool
    values: tuple[str, ...]


class ComparedRows(Frozen):
    """Failing rows, each followed by the last good row with its key; if there is none, by the first good rows."""

    columns: tuple[str, ...]
    rows: tuple[ComparedRow, ...]
    good_day: str | None = Field(description="the last good day; None if there is none")


def compare_failing(result: GateResult, contract: Contract, lake: Lake, *, pii: bool) -> ComparedRows | None:
    """Return the failing rows of a quarantined batch beside those of the last good day before it.

    None if the gate has no keys of failing rows, if these are personal data, or if the batch was discarded or has more
    than a million rows.
    """
    keys = _find_keys(result, contract)
    failing = _find_failing(result, contract, keys) if keys and result.quarantine else []
    if not failing:
        return None
    day, good = _read_good(contract, result.days, lake)
    columns = [column.name for column in contract.columns]
    hidden = set() if pii else {column.name for column in contract.columns if column.pii}
    shared = [name for name in contract.primary_key if not (contract.daily and name == "day")]
    groups: dict[Key, list[dict[str, object]]] = {}
    for row in failing:
        groups.setdefault(_key(row, shared), []).append(row)
    same = {} if good is None else _index(good, shared, groups)
    rows: list[ComparedRow] = []
    for key, many in groups.items():
        rows += [ComparedRow(good=False, values=_show(row, columns, hidden)) for row in many]
        if key in same:
            rows.append(ComparedRow(good=True, values=_show(same[key], columns, hidden)))
    if good is not None and not same:
        examples = good.slice(0, EXAMPLES).to_pylist()
        rows += [ComparedRow(good=True, values=_show(row, columns, hidden)) for row in examples]
    return ComparedRows(columns=tuple(columns), rows=tuple(rows), good_day=day)


def _find_keys(result: GateResult, contract: Contract) -> list[Key]:
    keys = [key for one in result.failed for key in one.failing_keys]
    known = [tuple(key[name] for name in contract.primary_key) for key in keys if _is_known(key, contract)]
    return list(dict.fromkeys(known))


def _is_known(key: dict[str, str], contract: Contract) -> bool:
    return all(key.get(name, MASK) != MASK for name in contract.primary_key)


def _find_failing(result: GateResult, contract: Contract, keys: Sequence[Key]) -> list[dict[str, object]]:
    """Return the rows of a batch with these keys, in the order of the keys."""
    place = places.below(str(result.quarantine), "batch.json")
    batch = StagedBatch.model_validate_json(places.read(place))
    if batch.rows > MOST_ROWS:
        return []
    files = [file.path for file in batch.files if places.exists(file.path)]
    rows: list[dict[str, object]] = []
    for table in map(places.read_rows, files):
        if set(contract.primary_key) <= set(table.column_names):
            rows += _with_keys(table, contract.primary_key, keys)
    order = {key: nth for nth, key in enumerate(keys)}
    return sorted(rows, key=lambda row: order[_key(row, contract.primary_key)])[:MOST_SHOWN]


def _read_good(contract: Contract, days: Days, lake: Lake) -> tuple[str | None, pa.Table | None]:
    """Return the last published day before some days with its rows; of a table that is replaced, all of its rows."""
    if not contract.daily:
        newest = next(iter(lake.snapshots(contract.table, 1)), None)
        if newest is None or not 0 < newest.rows <= MOST_ROWS:
            return None, None
        return "the published table", lake.read(contract)
    before = Days.one(days.first).reaching_back(REACHING_BACK).shifted(-1)
    files = {day: file for day, file in lake.day_files(contract.table, before).items() if file.rows}
    if not files or files[max(files)].rows > MOST_ROWS:
        return None, None
    return str(max(files)), lake.read(contract, Days.one(max(files)))


def _index(table: pa.Table, names: Sequence[str], keys: Iterable[Key]) -> dict[Key, dict[str, object]]:
    """Return the first row of each of these keys."""
    found: dict[Key, dict[str, object]] = {}
    for row in _with_keys(table, names, list(keys)):
        found.setdefault(_key(row, names), row)
    return found


def _with_keys(table: pa.Table, names: Sequence[str], keys: Sequence[Key]) -> list[dict[str, object]]:
    """Return the rows with these keys. Each column is searched first, so that few rows become Python objects."""
    for nth, name in enumerate(names):
        wanted = pa.array({key[nth] for key in keys}, pa.string())
        table = table.filter(pc.is_in(pc.cast(table[name], pa.string()), value_set=wanted))
    wanted_keys = set(keys)
    return [row for row in table.to_pylist() if _key(row, names) in wanted_keys]


def _key(row: dict[str, object], names: Sequence[str]) -> Key:
    return tuple(str(row.get(name)) for name in names)


def _show(row: dict[str, object], columns: Sequence[str], hidden: set[str]) -> tuple[str, ...]:
    return tuple(format_value(row.get(name), hidden=name in hidden) for name in columns)
