"""How far the outcomes of days agree with the predictions served for them, by model."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime

from pydantic import Field
from sqlalchemy import select

from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen


class DayAgreement(Frozen):
    """The agreement of a day's outcomes with its predictions; not compared if there were too few rows."""

    id: str = Field(
        description="of the files with the predictions and the outcomes, and of how they are compared"
    )
    model: str
    day: date
    compared: bool
    level: float | None = None
    slope: float | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class DayAgreementRow(Base):
    """subject: model; key: day; state: `compared` or `too few rows`."""

    __tablename__ = "day_agreements"
    __table_args__ = indexes("day_agreements")


class DayAgreements(RecordStore[DayAgreement]):
    """The agreements of days, by model."""

    row, kind = DayAgreementRow, DayAgreement

    def with_ids(self, ids: Collection[str]) -> dict[str, DayAgreement]:
        """Return those of these agreements that exist, by id."""
        return {found.id: found for found in self._all(select(self.row).where(self.row.id.in_(ids)))}

    def row_of(self, record: DayAgreement) -> DayAgreementRow:
        """Return the database row of a record."""
        return DayAgreementRow(
            id=record.id,
            subject=record.model,
            key=str(record.day),
            run="",
            state="compared" if record.compared else "too few rows",
            at=record.at,
            record=as_json(record),
        )
