"""Monitoring results, by model and day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from contender.records.models import Monitored
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes


class MonitoredRow(Base):
    """subject: model; key: day; state: the drift verdict."""

    __tablename__ = "monitored"
    __table_args__ = indexes("monitored", ("subject", "key"))


class MonitoredDays(RecordStore[Monitored]):
    """Monitoring results by day."""

    row, kind = MonitoredRow, Monitored

    def row_of(self, record: Monitored) -> MonitoredRow:
        """Return the database row of a record."""
        return MonitoredRow(
            id=record.id,
            subject=record.model,
            key=str(record.day),
            run="",
            state=record.verdict,
            at=record.at,
            record=as_json(record),
        )

    def newest_of(self, model: str) -> Monitored | None:
        """Return the newest result of a model, or None before its first monitored day."""
        row = MonitoredRow
        return self._first(select(row).where(row.subject == model).order_by(row.at.desc()))

    def days_before(self, model: str, day: date, limit: int) -> list[Monitored]:
        """Return the newest result of each of the last `limit` monitored days before `day`, oldest first."""
        row = MonitoredRow
        newest_of_day = func.row_number().over(partition_by=row.key, order_by=row.at.desc())
        earlier = (
            select(row.id, newest_of_day.label("place"))
            .where(row.subject == model, row.key < str(day))
            .subquery()
        )
        query = select(row).join(earlier, earlier.c.id == row.id).where(earlier.c.place == 1)
        return list(reversed(self._all(query.order_by(row.key.desc()).limit(limit))))

    def of_day(self, model: str, day: date) -> Monitored | None:
        """Return the newest result for a day of a model, or None if it was not monitored."""
        row = MonitoredRow
        of_day = select(row).where(row.subject == model, row.key == str(day))
        return self._first(of_day.order_by(row.at.desc()))
