"""The results of quality gates."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from contender.records.batches import GateResult
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs import Days


class GateResultRow(Base):
    """subject: table; key: days; state: verdict."""

    __tablename__ = "gate_results"
    __table_args__ = indexes("gate_results", ("subject", "key", "at", "state"))


class GateResults(RecordStore[GateResult]):
    """Gate results by batch."""

    row, kind = GateResultRow, GateResult

    def row_of(self, record: GateResult) -> GateResultRow:
        """Return the database row of a record."""
        return GateResultRow(
            id=record.id,
            subject=record.table,
            key=record.days.key,
            run=record.run,
            state=record.verdict,
            at=record.at.astimezone(UTC),
            record=as_json(record),
        )

    def passed_days(self, table: str) -> list[Days]:
        """Return the days of every batch of a table that passed its gate, with or without warnings."""
        query = (
            select(GateResultRow.key)
            .where(GateResultRow.subject == table, GateResultRow.state != "fail")
            .distinct()
        )
        with Session(self._engine) as session:
            return [Days.read(key) for key in session.scalars(query)]

    def passed_since(self, table: str, days: Days, at: datetime) -> bool:
        """Return whether a batch of exactly these days passed its gate after a time, with or without warnings."""
        row = GateResultRow
        passed = select(row.id).where(row.subject == table, row.key == days.key, row.state != "fail")
        with Session(self._engine) as session:
            return session.scalars(passed.where(row.at > at.astimezone(UTC)).limit(1)).first() is not None

    def newest_for(self, table: str, days: Days) -> GateResult | None:
        """Return the newest result for exactly these days of a table."""
        row = GateResultRow
        found = select(row).where(row.subject == table, row.key == days.key)
        return self._first(found.order_by(row.at.desc()))

    def newest_days(self, table: str, limit: int) -> list[GateResult]:
        """Return the newest results of the newest days of a table, the newest day first; a range by its first day."""
        row = GateResultRow
        found = select(row).where(row.subject == table)
        return self._all(found.order_by(row.key.desc(), row.at.desc()).limit(limit))

    def newest_of(self, table: str) -> GateResult | None:
        """Return the newest result of a table, or None before its first gate."""
        row = GateResultRow
        return self._first(select(row).where(row.subject == table).order_by(row.at.desc()))
