"""Columns of tables, and the types of names, addresses and texts in contracts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contender.specs.frozen import Frozen

ColumnType = Literal["string", "integer", "number", "boolean", "date", "timestamp"]

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
EMAIL_PATTERN = r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=60)]
Email = Annotated[str, StringConstraints(pattern=EMAIL_PATTERN)]
DIGEST_PATTERN = r"^[0-9a-f]{64}$"
# The patterns in words, for error messages.
FORMS = {
    NAME_PATTERN: "of a name in lower-case letters, digits and _, such as flight_delay",
    EMAIL_PATTERN: "of an e-mail address, such as team@company.example",
    DIGEST_PATTERN: "of a SHA-256 in 64 lower-case hexadecimal digits",
}
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Column(Frozen):
    """A column of a table. Timestamps are in UTC with microseconds; `unit` is the unit of a number."""

    name: Name
    type: ColumnType
    description: Text
    nullable: bool = False
    unit: str | None = None
    pii: bool = Field(default=False, description="personal data: masked in mails and pages")
