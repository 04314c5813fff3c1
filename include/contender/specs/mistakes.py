"""Messages about mistakes in the user's files: one line with file, field and fix."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contender.errors import PermanentError
from contender.specs.columns import FORMS


class CatalogError(PermanentError):
    """The mistakes in the catalog, one line each with file, field and fix."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


class UnknownNameError(CatalogError):
    """The catalog is in order, but has no dataset, model or table of the given name."""


def explain(error: ValidationError, kind: type[BaseModel]) -> list[str]:
    """Return one line per mistake: the field, what is wrong with it, and the fix."""
    record = _record_called(error.title, kind)
    details = error.errors()
    misspelt = {
        (*detail["loc"][:-1], match)
        for detail in details
        if detail["type"] == "extra_forbidden"
        for match in get_close_matches(str(detail["loc"][-1]), _fields_at(record, detail["loc"]), n=1)
    }
    lines = []
    for detail in details:
        if detail["type"] == "missing" and detail["loc"] in misspelt:
            continue  # reported as a misspelt field
        # A nested record is validated when the user's file builds it, under its own class name.
        prefix = () if error.title == kind.__name__ else (error.title,)
        field = ".".join(map(_show, (*prefix, *detail["loc"])))
        message = _message(detail, _fields_at(record, detail["loc"]))
        lines.append(f"{field}: {message}" if field else message)
    return lines


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a suggestion for a misspelt name: the closest known name, or all of them."""
    names = list(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are: {', '.join(sorted(names)) or 'none'}"


def _show(part: int | str) -> str:
    """Return a part of a field's place; a key with line ends or other control characters is quoted."""
    return str(part) if str(part).isprintable() else repr(part)


def _message(detail: ErrorDetails, known: list[str]) -> str:
    given, message = detail["input"], detail["msg"].removeprefix("Value error, ")
    match detail["type"]:
        case "missing":
            return f"missing: add `{detail['loc'][-1]}=...`"
        case "extra_forbidden":
            return f"unknown field: remove it{suggest(str(detail['loc'][-1]), known)}"
        case "string_pattern_mismatch":
            pattern = detail["ctx"]["pattern"]
            return f"{given!r} does not have the form {FORMS.get(pattern, pattern)}: correct it"
        case "too_short":
            return "is empty: give at least one"
        case "tuple_type":
            return f"{given!r} is not a tuple: write ({given!r},)"
    return message if ":" in message else f"{message}, not {given!r}: correct it"


def _record_called(title: str, kind: type[BaseModel]) -> type[BaseModel]:
    from contender import specs

    return kind if kind.__name__ == title else getattr(specs, title, kind)


def _fields_at(record: Any, loc: tuple[int | str, ...]) -> list[str]:
    """Return the field names of the record, possibly nested in `record`, that contains the mistake."""
    for part in loc[:-1]:
        if isinstance(record, type) and issubclass(record, BaseModel):
            field = record.model_fields.get(str(part))
            record = field.annotation if field is not None else record
        else:
            record = get_args(record)[-1] if get_args(record) else record
    return list(record.model_fields) if hasattr(record, "model_fields") else []
