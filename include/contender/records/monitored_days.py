"""What monitoring concluded, by model and day."""

from __future__ import annotations

from contender.records.models import Monitored
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base


class MonitoredRow(Base):
    """subject: model; key: day; state: the drift verdict."""

    __tablename__ = "monitored"


class MonitoredDays(RecordStore[Monitored]):
    """Drift verdicts, by day."""

    row, kind = MonitoredRow, Monitored

    def add(self, monitored: Monitored) -> Monitored:
        """Keep what monitoring concluded."""
        row = MonitoredRow(
            id=monitored.id,
            subject=monitored.model,
            key=str(monitored.day),
            run="",
            state=monitored.verdict,
            at=monitored.at,
            record=as_json(monitored),
        )
        return self._insert(monitored, row)
