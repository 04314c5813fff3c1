"""Write a contract as the Python source that creates it, formatted as by `ruff format`."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

WIDTH = 110
STEP = 4

# The place of a comment: fields and positions from the outermost record inwards, such as ("columns", 3).
Place = tuple[str | int, ...]
# Fields that are written last.
_LAST = frozenset({"severity", "mostly"})
Notes = Mapping[Place, Sequence[str]]


@dataclass(frozen=True)
class _Parts:
    """A value that consists of others: its brackets, and each part with its step of the place and its label."""

    opening: str
    items: tuple[tuple[str | int, str, object], ...]
    closing: str


def module_source(docstring: str, record: BaseModel, notes: Notes) -> str:
    """The module that declares the record as `SPEC`, with each of the notes as a comment above its place."""
    names = ", ".join(sorted(_record_names(record), key=str.lower))
    spec = _laid_out(record, (), notes, 0, len("SPEC = "))
    return f'"""{docstring}"""\n\nfrom contender.specs import {names}\n\nSPEC = {spec}\n'


def assignment(name: str, value: object) -> str:
    """The line, or lines, that give a module's constant its value."""
    return f"{name} = {_laid_out(value, (), {}, 0, len(name) + 3)}"


def expression(value: object, indent: int = 0) -> str:
    """The expression that creates a record, for a line with this indentation."""
    return _laid_out(value, (), {}, indent, indent)


def comment(note: str, indent: int = 0) -> list[str]:
    """The note as comment lines."""
    begin = " " * indent + "# "
    return textwrap.wrap(note, WIDTH, initial_indent=begin, subsequent_indent=begin, break_on_hyphens=False)


def _laid_out(value: object, place: Place, notes: Notes, indent: int, taken: int) -> str:
    flat, parts = _flat(value), _parts(value)
    noted = any(len(at) > len(place) and at[: len(place)] == place for at in notes)
    fits = taken + len(flat) + len(",") <= WIDTH
    if parts is None or (fits and not noted):
        return flat
    inner = indent + STEP
    lines = [parts.opening]
    for step, label, item in parts.items:
        at = (*place, step)
        for note in notes.get(at, ()):
            lines += comment(note, inner)
        lines.append(f"{' ' * inner}{label}{_laid_out(item, at, notes, inner, inner + len(label))},")
    lines.append(" " * indent + parts.closing)
    return "\n".join(lines)


def _flat(value: object) -> str:
    parts = _parts(value)
    if parts is None:
        return _atom(value)
    items = [f"{label}{_flat(item)}" for _, label, item in parts.items]
    alone = "," if isinstance(value, tuple) and len(items) == 1 else ""
    return f"{parts.opening}{', '.join(items)}{alone}{parts.closing}"


def _parts(value: object) -> _Parts | None:
    match value:
        case BaseModel():
            fields = tuple((name, f"{name}=", getattr(value, name)) for name in _stated(value))
            return _Parts(f"{type(value).__name__}(", fields, ")")
        case tuple():
            return _Parts("(", tuple((number, "", item) for number, item in enumerate(value)), ")")
        case dict():
            return _Parts("{", tuple((key, f"{_quoted(key)}: ", item) for key, item in value.items()), "}")
    return None


def _stated(record: BaseModel) -> list[str]:
    """The fields that say something: a default need not be written down."""
    stated = [
        name
        for name, field in type(record).model_fields.items()
        if field.is_required() or getattr(record, name) != field.get_default(call_default_factory=True)
    ]
    return sorted(stated, key=_LAST.__contains__)


def _record_names(value: object) -> set[str]:
    parts = _parts(value)
    own = {type(value).__name__} if isinstance(value, BaseModel) else set()
    return own.union(*(_record_names(item) for _, _, item in parts.items)) if parts else own


def _atom(value: object) -> str:
    match value:
        case bool() | None:
            return str(value)
        case int() | float():
            return _number(value)
    return _quoted(str(value))


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):_}" if abs(value) >= 10_000 else str(int(value))
    return repr(value).replace("e+", "e")


def _quoted(text: str) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    if "\\" in text and quote not in text and not text.endswith("\\"):
        return f"r{quote}{text}{quote}"
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return f"{quote}{escaped}{quote}"
