"""What the predictions of days were worth, by model."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field

from contender.records.identity import identify
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen


class DayReturn(Frozen):
    """What the served predictions of a day were worth, and what others would have been worth on the same rows."""

    model: str
    day: date
    night: date = Field(description="night in which the outcomes became known")
    rows: int = Field(gt=0, description="predicted rows with a known outcome")
    version: int
    value: float = Field(description="worth of all rows, in the currency of the settings")
    baseline_value: float | None = Field(
        description="that of the version's baseline; None if it cannot predict"
    )
    before: int | None = Field(description="the champion before this version; None for the first one")
    before_value: float | None = Field(description="worth of its predictions; None if it cannot predict")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def id(self) -> str:
        """One id for a model and day."""
        return identify("day return", self.model, self.day)

    @property
    def gain(self) -> float | None:
        """The worth above that of the baseline, which would have been there without the model."""
        return None if self.baseline_value is None else self.value - self.baseline_value

    @property
    def gain_of_refresh(self) -> float | None:
        """The worth above that of the champion before."""
        return None if self.before_value is None else self.value - self.before_value


class DayReturnRow(Base):
    """subject: model; key: day; state: empty."""

    __tablename__ = "day_returns"
    __table_args__ = indexes("day_returns", ("subject", "key"))


class DayReturns(RecordStore[DayReturn]):
    """What days' predictions were worth, by model."""

    row, kind = DayReturnRow, DayReturn

    def row_of(self, record: DayReturn) -> DayReturnRow:
        """Return the database row of a record."""
        return DayReturnRow(
            id=record.id,
            subject=record.model,
            key=str(record.day),
            run="",
            state="",
            at=record.at,
            record=as_json(record),
        )

    def since(self, model: str, day: date) -> list[DayReturn]:
        """Return the returns from a day on, in the order of days."""
        return self._since(model, day)
