"""Profiles: mergeable statistical summaries of the days of a table."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime

from pydantic import Field
from sqlalchemy import select

from contender.records.identity import identify
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen


class ColumnProfile(Frozen):
    """One column of a day: the number of missing values, and the distribution of the others."""

    rows: int
    nulls: int
    sketch: str | None = Field(default=None, description="KLL quantile sketch of a numeric column, base64")
    counts: dict[str, int] | None = Field(
        default=None, description="rows by value, for columns with few values"
    )


class DayProfile(Frozen):
    """The profile of one day of a table."""

    id: str
    table: str
    day: date
    rows: int
    columns: dict[str, ColumnProfile]
    content: str | None = Field(
        default=None, description="fingerprint of the rows without their day; None in older profiles"
    )
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def profile_id(table: str, day: date, digest: str) -> str:
    """Return the id of the profile of a day's file with this digest."""
    return identify("profile", table, day, digest)


class ProfileRow(Base):
    """subject: table; key: day; state: `profiled`."""

    __tablename__ = "profiles"
    __table_args__ = indexes("profiles")


class Profiles(RecordStore[DayProfile]):
    """Profiles by table and day."""

    row, kind = ProfileRow, DayProfile

    def with_ids(self, ids: Collection[str]) -> dict[str, DayProfile]:
        """Return those of these profiles that exist, by id."""
        return {found.id: found for found in self._all(select(self.row).where(self.row.id.in_(ids)))}

    def row_of(self, record: DayProfile) -> ProfileRow:
        """Return the database row of a record."""
        return ProfileRow(
            id=record.id,
            subject=record.table,
            key=str(record.day),
            run="",
            state="profiled",
            at=record.at,
            record=as_json(record),
        )
