"""A column of a table: its name, type, unit, and whether it holds personal data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contender.specs.frozen import Frozen

ColumnType = Literal["string", "integer", "number", "boolean", "date", "timestamp"]

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
EMAIL_PATTERN = r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=60)]
Email = Annotated[str, StringConstraints(pattern=EMAIL_PATTERN)]
# What a pattern asks for, in words: nobody should have to read it to mend a name.
FORMS = {
    NAME_PATTERN: "of a name in small letters, digits and _, as in flight_delay",
    EMAIL_PATTERN: "of an e-mail address, as in team@company.example",
}
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Column(Frozen):
    """One column. Timestamps are UTC, in microseconds; `unit` says what a number counts."""

    name: Name
    type: ColumnType
    description: Text
    nullable: bool = False
    unit: str | None = None
    pii: bool = Field(default=False, description="personal data: masked in mails and pages")
