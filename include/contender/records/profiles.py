"""What a day's rows look like, small enough to keep for every day and made so that days can be added up."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field

from contender.records.identity import identify
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen


class ColumnProfile(Frozen):
    """One column of a day: how much is missing, and how the rest is distributed."""

    rows: int
    nulls: int
    sketch: str | None = Field(default=None, description="KLL quantile sketch, base64, of a number")
    counts: dict[str, int] | None = Field(default=None, description="rows by value, of few values")


class DayProfile(Frozen):
    """One day of a table."""

    id: str
    table: str
    day: date
    rows: int
    columns: dict[str, ColumnProfile]
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def profile_id(table: str, day: date, digest: str) -> str:
    """The profile of a file's very content, found again by its digest."""
    return identify("profile", table, day, digest)


class ProfileRow(Base):
    """subject: table; key: day; state: `profiled`."""

    __tablename__ = "profiles"
    __table_args__ = indexes("profiles")


class Profiles(RecordStore[DayProfile]):
    """Profiles by table and day."""

    row, kind = ProfileRow, DayProfile

    def row_of(self, record: DayProfile) -> ProfileRow:
        """Return the row that keeps a record."""
        return ProfileRow(
            id=record.id,
            subject=record.table,
            key=str(record.day),
            run="",
            state="profiled",
            at=record.at,
            record=as_json(record),
        )
