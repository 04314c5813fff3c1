"""The formats of delivered files."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from contender.specs.columns import Name
from contender.specs.frozen import Frozen
from contender.specs.zones import Zone

Character = Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[\x09\x20-\x7e]$")]
_TRIED = datetime(2013, 9, 1, 23, 59, 58, tzinfo=UTC)


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"{name!r} is not an encoding: write for example 'cp1252' or 'utf-16'") from None


def _form(form: str) -> str:
    if "%" not in form or _TRIED.strftime(form) == form:
        raise ValueError(f"{form!r} has no directives such as %d: write for example '%d.%m.%Y'")
    return form


class _Values(Frozen):
    """How the fields of a file are written."""

    missing: tuple[str, ...] = Field(default=(), description="fields that stand for a missing value")
    missing_in: Mapping[Name, tuple[str, ...]] = Field(
        default_factory=dict, description="the same for single columns, instead of `missing`"
    )
    dates: Annotated[str, AfterValidator(_form)] | None = Field(
        default=None, description="the form of dates, such as %d.%m.%Y; None: 2013-09-01"
    )
    timestamps: Annotated[str, AfterValidator(_form)] | None = Field(
        default=None, description="the form of timestamps, such as %d.%m.%Y %H:%M; None: 2013-09-01T05:00:00Z"
    )
    zone: Zone | None = Field(
        default=None,
        description="time zone of timestamps without one; of an hour that occurs twice, the first is meant",
    )

    def missing_words(self, column: str) -> tuple[str, ...]:
        """Return the fields that stand for a missing value in a column."""
        return self.missing_in.get(column, self.missing)


class Csv(_Values):
    """Text with a header line; by default as in RFC 4180, in UTF-8, with a point as decimal mark."""

    kind: Literal["csv"] = "csv"
    delimiter: Character = ","
    quote: Character = '"'
    escape: Character | None = Field(
        default=None,
        description="what escapes a quote inside quotes, such as a backslash; None: a second quote",
    )
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    skip_lines: int = Field(default=0, ge=0, le=1000, description="lines above the header")
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = Field(
        default="", description="the mark between thousands; a space also stands for a no-break space"
    )
    missing: tuple[str, ...] = Field(
        default=("", "NA"), description="fields that stand for a missing value, quoted or not"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Csv:
        marks = [self.delimiter, self.quote, *([self.escape] if self.escape else [])]
        if len(set(marks)) < len(marks):
            raise ValueError("delimiter, quote and escape are the same character: each needs its own")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same mark: each needs its own")
        return self


class JsonLines(_Values):
    """A JSON object in each line, in UTF-8; `null` and an absent field are missing."""

    kind: Literal["jsonl"] = "jsonl"


class Parquet(Frozen):
    """A Parquet file; a value that would change in the contract's type is a defect."""

    kind: Literal["parquet"] = "parquet"
    zone: Zone | None = Field(default=None, description="time zone of timestamps without one")


Format = Annotated[Csv | JsonLines | Parquet, Field(discriminator="kind")]
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
