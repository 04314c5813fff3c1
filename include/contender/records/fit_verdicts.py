"""Whether a fit was due in a night, with the reason; the first answer of a night applies to all its runs."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field
from sqlalchemy import select

from contender.records.identity import identify
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen


class FitVerdict(Frozen):
    """Whether a fit is due in a night, and why in one sentence."""

    model: str
    night: date
    due: bool
    why: str
    asked_by: str | None = Field(default=None, description="the person who asked for a fit that was not due")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def id(self) -> str:
        """One id for the judgement of a night, another for a fit that a person asked for."""
        return identify("fit verdict", self.model, self.night, self.asked_by is not None)


class FitVerdictRow(Base):
    """subject: model; key: night; state: `due` or `not due`."""

    __tablename__ = "fit_verdicts"
    __table_args__ = indexes("fit_verdicts", ("subject", "key"))


class FitVerdicts(RecordStore[FitVerdict]):
    """The verdicts of nights of models that are not fitted every night."""

    row, kind = FitVerdictRow, FitVerdict

    def row_of(self, record: FitVerdict) -> FitVerdictRow:
        """Return the database row of a record."""
        return FitVerdictRow(
            id=record.id,
            subject=record.model,
            key=str(record.night),
            run="",
            state="due" if record.due else "not due",
            at=record.at,
            record=as_json(record),
        )

    def of_night(self, model: str, night: date) -> FitVerdict | None:
        """Return the verdict of a night, or None. If a person asked for a fit, that is the verdict."""
        row = FitVerdictRow
        of_night = select(row).where(row.subject == model, row.key == str(night))
        return self._first(of_night.order_by(row.state))

    def newest_of(self, model: str) -> FitVerdict | None:
        """Return the verdict of the newest night of a model, or None."""
        row = FitVerdictRow
        return self._first(select(row).where(row.subject == model).order_by(row.key.desc(), row.state))
