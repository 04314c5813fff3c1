"""Paired days: the losses of two versions that both predicted a day."""

from __future__ import annotations

from datetime import date

from contender.records.evidence import PairedDay, Question
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes


class PairedDayRow(Base):
    """subject: model; key: day; state: the question, `race` or `still`."""

    __tablename__ = "paired_days"
    __table_args__ = indexes("paired_days", ("subject", "state", "key"))


class PairedDays(RecordStore[PairedDay]):
    """Paired days by model and question."""

    row, kind = PairedDayRow, PairedDay

    def row_of(self, record: PairedDay) -> PairedDayRow:
        """Return the database row of a record."""
        return PairedDayRow(
            id=record.id,
            subject=record.model,
            key=str(record.day),
            run="",
            state=record.question,
            at=record.at,
            record=as_json(record),
        )

    def since(self, model: str, question: Question, since: date) -> list[PairedDay]:
        """Return the paired days of a question from the day `since` on, oldest first."""
        return self._since(model, since, PairedDayRow.state == question)
