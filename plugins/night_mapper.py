"""Map data that is delivered before its day to the night that needs it.

The timetable of day D+1 arrives in night D: with `lead_days=1`, its partition key D+1 is mapped to the run of night D.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from airflow.partition_mappers.base import PartitionMapper
from airflow.plugins_manager import AirflowPlugin


class NightMapper(PartitionMapper):
    """Map the key of a day, `YYYY-MM-DD`, to the key `lead_days` earlier."""

    def __init__(self, lead_days: int = 1, *, max_downstream_keys: int | None = None) -> None:
        if isinstance(lead_days, bool) or not isinstance(lead_days, int) or lead_days < 0:
            raise ValueError(f"lead_days must be an integer of at least 0, got {lead_days!r}.")
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.lead_days = lead_days

    def to_downstream(self, key: str) -> str:
        """Return the night in which the day `key` is needed."""
        return (_day(key) - timedelta(days=self.lead_days)).isoformat()

    def serialize(self) -> dict[str, Any]:
        """Return the fields from which the scheduler rebuilds the mapper."""
        return {**super().serialize(), "lead_days": self.lead_days}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> NightMapper:
        """Rebuild the mapper in the scheduler."""
        return cls(data["lead_days"], max_downstream_keys=data.get("max_downstream_keys"))


def _day(key: str) -> date:
    try:
        day = date.fromisoformat(key)
    except ValueError:
        day = None
    if day is None or day.isoformat() != key:
        raise ValueError(f"A partition key must be a day as YYYY-MM-DD, got {key!r}.")
    return day


class NightMapperPlugin(AirflowPlugin):
    """Register the mapper with Airflow."""

    name = "night_mapper"
    partition_mappers: ClassVar[list[type[PartitionMapper]]] = [NightMapper]
