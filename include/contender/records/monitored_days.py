"""Monitoring results, by model and day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contender.records.measurements import Measures
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen

DriftVerdict = Literal["stable", "broken_feed", "covariate_drift", "concept_drift", "regime_break"]
ChangeKind = Literal["missing", "constant", "values", "range"]


class ColumnChange(Frozen):
    """A column of a day that differs from the recent days by more than its limit.

    `missing`: the share of missing values changed. `constant`: a single value, unlike on any recent day; `observed` is
    1. `values`: the distribution changed. `range`: the values lie far outside the range of the recent days, as after a
    change of units.
    """

    column: str
    kind: ChangeKind
    observed: float
    limit: float


class ScoreSkew(Frozen):
    """The published predictions of a day, compared with those that their version makes of the same snapshot again."""

    day: date
    version: int
    rows: int = Field(description="rows with a prediction on either side")
    differing: int = Field(description="those whose predictions differ, or are missing on one side")


class Monitored(Frozen):
    """The monitoring result of a scored day: measures on its outcomes, and changes of its features."""

    id: str
    model: str
    day: date
    version: int | None
    measures: Measures | None = Field(description="None if no predictions exist for the day")
    expected_loss: float | None = Field(description="loss in the version's last evaluation")
    estimated_loss: float | None = Field(
        default=None,
        description="loss that the predictions imply if they are calibrated; None for quantities",
    )
    excess_loss: float | None = Field(
        default=None,
        description="loss above the estimate, or above the expected loss if there is no estimate",
    )
    inverted: float | None = Field(
        default=None,
        description="estimated share of outcomes that are inverted, apart from the day's effects; for probabilities",
    )
    inverted_high: float | None = Field(
        default=None, description="the same among the higher half of the predictions"
    )
    rise: float | None = Field(
        default=None,
        description="evidence that the loss has grown or outcomes contradict predictions; None with too few days",
    )
    joint: float | None = Field(
        default=None,
        description="evidence of the days since many columns differ that predictions are worse; None if they do not",
    )
    features_day: date | None = Field(default=None, description="the day whose features were compared")
    compared: int = Field(default=0, description="columns that were compared with recent days")
    changes: tuple[ColumnChange, ...] = ()
    unusual: tuple[str, ...] = Field(
        default=(), description="features that are farther from the recent days than each of them, by half"
    )
    skew: ScoreSkew | None = Field(default=None, description="None if predictions could not be made again")
    distance: float | None = Field(
        default=None,
        description="mean distance of the features from the recent days, in units of the largest",
    )
    drift: float | None = Field(
        default=None, description="evidence that this distance has grown; None with too few days"
    )
    drifted_share: float | None = Field(default=None, description="only in records of version 0.2 and before")
    drifted: tuple[str, ...] = Field(default=(), description="only in records of version 0.2 and before")
    verdict: DriftVerdict
    why: str = Field(default="", description="the verdict's reason, with figures")
    action: str
    report: str | None = Field(default=None, description="only in records of version 0.2 and before")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


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

    def among(self, days: Collection[tuple[str, date]]) -> set[tuple[str, date]]:
        """Return which of these models with days were monitored."""
        row, wanted = MonitoredRow, set(days)
        query = select(row.subject, row.key).where(
            row.subject.in_({model for model, _ in wanted}), row.key.in_({str(day) for _, day in wanted})
        )
        with Session(self._engine) as session:
            return wanted.intersection(
                (model, date.fromisoformat(day)) for model, day in session.execute(query)
            )
