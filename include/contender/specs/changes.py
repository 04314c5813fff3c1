"""How a contract's columns came to be what they are: one entry a change, each naming the version that it made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from contender.specs.columns import Column, ColumnType, Name
from contender.specs.frozen import Frozen

# Every value of the first fits the others. Integers beyond 2**53 do not fit a number; migrating such a table fails.
_WIDER: dict[ColumnType, tuple[ColumnType, ...]] = {
    "integer": ("number", "string"),
    "date": ("timestamp",),
}


class Added(Frozen):
    """A new column; rows of days before it have no value there, whatever the contract promises of new batches."""

    change: Literal["added"] = "added"
    version: int = Field(ge=2)
    column: Name


class Widened(Frozen):
    """A column's type became a wider one, into which every old value fits."""

    change: Literal["widened"] = "widened"
    version: int = Field(ge=2)
    column: Name
    was: ColumnType


class Renamed(Frozen):
    """A column has another name for the same thing. The old name is never given to another column."""

    change: Literal["renamed"] = "renamed"
    version: int = Field(ge=2)
    column: Name
    was: Name


Change = Added | Widened | Renamed
Types = dict[str, ColumnType]


def check_changes(columns: Iterable[Column], version: int, changes: tuple[Change, ...]) -> None:
    """Raise ValueError when the changes do not lead, version by version, to these columns."""
    versions = [change.version for change in changes]
    if versions != sorted(versions) or set(versions) != set(range(2, version + 1)):
        made = ", ".join(map(str, versions)) or "none"
        raise ValueError(
            f"changes: they make the versions {made} and `version` is {version}: "
            f"give each version from 2 to {version} its changes, in order"
            if version > 1
            else f"changes: they make the versions {made} and `version` is 1: raise `version` to the last of them"
        )
    types: Types = {column.name: column.type for column in columns}
    if again := _used_again(types, changes):
        raise ValueError(
            f"changes: {again!r} was renamed and is used again: older snapshots know it as another column: "
            "choose a new name"
        )
    for place in reversed(range(len(changes))):
        types = _before(changes[place], types, f"changes.{place}")


def types_at(columns: Iterable[Column], changes: tuple[Change, ...], version: int) -> Types:
    """Each column's type by name, as a version of the contract had it."""
    types: Types = {column.name: column.type for column in columns}
    for change in reversed(changes):
        if change.version > version:
            types = _before(change, types, "changes")
    return types


def _used_again(types: Types, changes: tuple[Change, ...]) -> str | None:
    gone: set[str] = set()
    for change in changes:
        if change.column in gone:
            return change.column
        if isinstance(change, Renamed):
            gone.add(change.was)
    return min(gone & types.keys(), default=None)


def _before(change: Change, types: Types, where: str) -> Types:
    """The columns before a change, given those after it. Raises ValueError when it cannot have led to them."""
    name = change.column
    if name not in types:
        raise ValueError(f"{where}: unknown column {name!r}: use one of {', '.join(types)}")
    others = {other: kind for other, kind in types.items() if other != name}
    match change:
        case Added():
            return others
        case Renamed(was=was):
            return {**others, was: types[name]}
        case Widened(was=was):
            if types[name] not in _WIDER.get(was, ()):
                raise ValueError(
                    f"{where}: {name!r} is {types[name]!r} now, which is not wider than {was!r}: "
                    "add a new column instead"
                )
            return {**others, name: was}
