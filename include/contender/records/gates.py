"""The judgements of quality gates, one row each."""

from __future__ import annotations

from sqlalchemy import Index, select
from sqlalchemy.orm import Session

from contender.records.batches import GateResult
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base
from contender.specs import Days


class GateResultRow(Base):
    """subject: table; key: days; state: verdict."""

    __tablename__ = "gate_results"
    __table_args__ = (Index("gate_results_of_a_batch", "subject", "key"),)


class GateResults(RecordStore[GateResult]):
    """What gates found, by batch."""

    row, kind = GateResultRow, GateResult

    def add(self, result: GateResult) -> GateResult:
        """Keep a gate's result."""
        row = GateResultRow(
            id=result.id,
            subject=result.table,
            key=result.days.key,
            run=result.run,
            state=result.verdict,
            at=result.at,
            record=as_json(result),
        )
        return self._insert(result, row)

    def passed_days(self, table: str) -> list[Days]:
        """Return the days of every batch of a table that passed its gate, with a warning or without."""
        query = (
            select(GateResultRow.key)
            .where(GateResultRow.subject == table, GateResultRow.state != "fail")
            .distinct()
        )
        with Session(self._engine) as session:
            return [Days.read(key) for key in session.scalars(query)]
