"""The body of a request: whole rows, or a day with the keys of its rows, checked against a model's contract."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple

import pyarrow as pa
from pydantic import (
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from contender.lake.schema import arrow_type
from contender.specs import Column, ColumnType, ModelSpec
from contender.specs.frozen import Frozen

LARGEST_BODY = 4 * 1024 * 1024  # bytes
_LARGEST_INTEGER = 2**63 - 1
_LONGEST_VALUE = 100  # characters of a wrong value in an answer
_MOST_DEFECTS = 100


def _whole(value: Any) -> Any:
    """Return a number without a fraction as an integer: `8.0` is an integer in JSON Schema, and in JavaScript."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_TYPED_DICT: Any = TypedDict  # its fields are known at run time only
_TYPES: Mapping[ColumnType, Any] = {
    "string": str,
    "integer": Annotated[int, Field(ge=-_LARGEST_INTEGER - 1, le=_LARGEST_INTEGER), BeforeValidator(_whole)],
    "number": Annotated[float, Field(allow_inf_nan=False)],
    "boolean": bool,
    "date": date,
    "timestamp": AwareDatetime,
}
_ALLOWED: Mapping[ColumnType, str] = {
    "string": "a string",
    "integer": "an integer of 64 bits",
    "number": "a finite number",
    "boolean": "true or false",
    "date": "a date such as 2013-09-01",
    "timestamp": "a time with its zone such as 2013-09-01T06:00:00Z",
}
FORMS = 'give either {"rows": [{...}]} with all features, or {"day": "2013-09-01", "keys": [{...}]}'

Row = Mapping[str, Any]


class Defect(Frozen):
    """What is wrong with a request: the row and field if it is about one, the value, and what is allowed."""

    row: int | None = None
    field: str | None = None
    value: str | None = None
    problem: str
    allowed: str | None = None


class BadRequest(Exception):  # noqa: N818 - the answer's name
    """A request that cannot be answered, with the status of the answer."""

    def __init__(self, status: int, *defects: Defect, retry_after: int | None = None) -> None:
        self.status = status
        self.defects = defects
        self.retry_after = retry_after
        super().__init__("; ".join(defect.problem for defect in defects))


class Asked(NamedTuple):
    """A valid request: rows with all features, or a day and the keys of rows."""

    rows: pa.Table | None = None
    day: date | None = None
    keys: Sequence[Row] = ()


class RequestForm:
    """The form of a model's requests."""

    def __init__(self, model: ModelSpec) -> None:
        self._columns = {"rows": model.features, "keys": model.keys}
        self.model = model
        row, key = _typed("Row", model.features), _typed("Key", model.keys)
        body = _TYPED_DICT(
            "Body",
            {
                "rows": Annotated[list[row], FailFast()],  # type: ignore[valid-type]
                "day": date,
                "keys": Annotated[list[key], FailFast()],  # type: ignore[valid-type]
            },
            total=False,
        )
        body.__pydantic_config__ = ConfigDict(extra="forbid")
        self._body: TypeAdapter[dict[str, Any]] = TypeAdapter(body)
        self.schema: dict[str, Any] = {
            "oneOf": [
                {
                    "type": "object",
                    "title": "whole rows",
                    "required": ["rows"],
                    "properties": {"rows": _list_of(row)},
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "title": "keys of a day",
                    "required": ["day", "keys"],
                    "properties": {"day": {"type": "string", "format": "date"}, "keys": _list_of(key)},
                    "additionalProperties": False,
                },
            ]
        }

    def read(self, body: bytes) -> Asked:
        """Return a valid request. Raises BadRequest with the defects of the first invalid row."""
        try:
            found = self._body.validate_json(body, strict=True)
        except ValidationError as error:
            defects = error.errors(include_url=False, include_context=False)[:_MOST_DEFECTS]
            raise _refusal([self._describe(defect) for defect in defects]) from None
        if set(found) == {"rows"} and found["rows"]:
            return Asked(rows=to_table(self.model, found["rows"]))
        if set(found) == {"day", "keys"} and found["keys"]:
            return Asked(day=found["day"], keys=found["keys"])
        raise BadRequest(422, Defect(problem=f"no rows, or both forms at once: {FORMS}"))

    def _describe(self, error: ErrorDetails) -> Defect:
        if error["type"] == "json_invalid":
            return Defect(problem=f"the body is not JSON: {error['msg'].removeprefix('Invalid JSON: ')}")
        where = error["loc"]
        row = where[1] if len(where) > 1 and isinstance(where[1], int) else None
        field = str(where[2] if len(where) > 2 else where[0]) if where else None
        if row is None or field is None or len(where) < 3:
            allowed = "an object" if row is not None else FORMS
            return Defect(
                row=row, field=None if row is not None else field, problem=error["msg"], allowed=allowed
            )
        columns = self._columns[str(where[0])]
        column = next((column for column in columns if column.name == field), None)
        value = None if error["type"] == "missing" else shorten(error["input"])
        if column is None:
            names = ", ".join(column.name for column in columns)
            return Defect(row=row, field=shorten(field), value=value, problem="unknown field", allowed=names)
        problem = "the field is missing" if error["type"] == "missing" else "the value is not allowed"
        return Defect(row=row, field=field, value=value, problem=problem, allowed=describe_allowed(column))


def describe_allowed(column: Column) -> str:
    """Return in words which values of a column are allowed."""
    return _ALLOWED[column.type] + (", or null" if column.nullable else "")


def to_table(model: ModelSpec, rows: Sequence[Row]) -> pa.Table:
    """Return rows with all features as a table."""
    return pa.table(
        {
            column.name: pa.array([row[column.name] for row in rows], arrow_type(column.type))
            for column in model.features
        }
    )


def find_unusable(
    scores: Mapping[str, Sequence[float]], numbers: Sequence[int] | None = None
) -> Iterator[Defect]:
    """Yield a defect for each prediction that is not a finite number; `numbers` are those of its rows."""
    problem = "the version predicts no finite number"
    for name, found in scores.items():
        for place, score in enumerate(found):
            if not math.isfinite(score):
                row = place if numbers is None else numbers[place]
                yield Defect(row=row, field=name, value=str(score), problem=problem)


def _refusal(defects: Sequence[Defect]) -> BadRequest:
    no_json = any(defect.problem.startswith("the body is not JSON") for defect in defects)
    return BadRequest(400 if no_json else 422, *defects)


def _typed(name: str, columns: Sequence[Column]) -> Any:
    fields = {
        column.name: Annotated[_type_of(column), Field(description=_about(column))] for column in columns
    }
    typed = _TYPED_DICT(name, fields)
    typed.__pydantic_config__ = ConfigDict(extra="forbid")
    return typed


def _type_of(column: Column) -> Any:
    known = _TYPES[column.type]
    return known | None if column.nullable else known


def _about(column: Column) -> str:
    return column.description + (f" ({column.unit})" if column.unit else "")


def _list_of(typed: Any) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": TypeAdapter(typed).json_schema()}


def shorten(value: object) -> str:
    """Return a value as a text of limited length."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
