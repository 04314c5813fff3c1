"""Changes of a contract's columns, from version 1 to the present one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from contender.specs.columns import Column, ColumnType, Name
from contender.specs.frozen import Frozen

# The types that a type can be widened to. Integers beyond 2**53 do not fit a number; migrating such a table fails.
_WIDER: dict[ColumnType, tuple[ColumnType, ...]] = {
    "integer": ("number", "string"),
    "date": ("timestamp",),
}


class Added(Frozen):
    """A new column. Rows of earlier days have no value in it, even if the column is not nullable."""

    change: Literal["added"] = "added"
    version: int = Field(ge=2)
    column: Name


class Widened(Frozen):
    """A change of a column's type to a wider one, which can hold every old value."""

    change: Literal["widened"] = "widened"
    version: int = Field(ge=2)
    column: Name
    was: ColumnType


class Renamed(Frozen):
    """A new name of a column with the same meaning. The old name must not be used again."""

    change: Literal["renamed"] = "renamed"
    version: int = Field(ge=2)
    column: Name
    was: Name


Change = Added | Widened | Renamed
Types = dict[str, ColumnType]


def check_changes(columns: Iterable[Column], version: int, changes: tuple[Change, ...]) -> None:
    """Raise ValueError unless the changes lead, version by version, to these columns."""
    versions = [change.version for change in changes]
    if versions != sorted(versions) or set(versions) != set(range(2, version + 1)):
        made = ", ".join(map(str, versions)) or "none"
        raise ValueError(
            f"changes: they describe the versions {made}, but `version` is {version}: "
            f"list the changes of each version from 2 to {version}, in order"
            if version > 1
            else f"changes: they describe the versions {made}, but `version` is 1: raise `version` to the last of them"
        )
    types: Types = {column.name: column.type for column in columns}
    if again := _used_again(types, changes):
        raise ValueError(
            f"changes: {again!r} was renamed and is used again, but in older snapshots it is another column: "
            "choose a new name"
        )
    for place in reversed(range(len(changes))):
        types = _before(changes[place], types, f"changes.{place}")


def types_at(columns: Iterable[Column], changes: tuple[Change, ...], version: int) -> Types:
    """Return the type of each column, by name, in a version of the contract."""
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
    """Return the columns before a change, given those after it. Raises ValueError if they do not fit."""
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
                    f"{where}: the type of {name!r} is now {types[name]!r}, which is not wider than {was!r}: "
                    "add a new column instead"
                )
            return {**others, name: was}
