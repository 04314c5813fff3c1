"""All evaluated versions, and the snapshots that they were fitted on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table
from sqlalchemy.orm import Mapped, Session

from contender.records.identity import identify
from contender.records.models import TrainedVersion
from contender.records.store import as_json
from contender.records.tables import Base
from contender.specs.frozen import Frozen


class TrainedVersionRow(Base):
    """subject: model; key: version; state: `evaluated`; first_day and last_day: training days."""

    __tablename__ = "trained_versions"
    __table_args__ = (Index("trained_versions_by_days", "subject", "last_day", "first_day"),)

    first_day: Mapped[date]
    last_day: Mapped[date]


# subject: model.
pins = Table(
    "pins",
    Base.metadata,
    Column("table", String(200), primary_key=True),
    Column("snapshot", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("night", Date, nullable=False),
)


class PinnedBy(Frozen):
    """A snapshot of a table, and a version that was fitted on it."""

    table: str
    snapshot: int
    model: str
    version: int
    night: date


def insert_trained(versions: Iterable[TrainedVersion], session: Session) -> None:
    """Insert versions and their pins, except those that are already stored.

    They are inserted in the order of their numbers, so that concurrent evaluations of them cannot deadlock.
    """
    ordered = sorted(versions, key=lambda one: (one.model, one.version))
    _insert_new(TrainedVersionRow.__table__, [_row_of(version) for version in ordered], session)
    _insert_new(
        pins,
        [
            {**as_json(pin), "subject": version.model, "version": version.version, "night": version.night}
            for version in ordered
            for pin in version.pins
        ],
        session,
    )


def _row_of(version: TrainedVersion) -> dict[str, Any]:
    return {
        "id": identify("trained version", version.model, version.version),
        "subject": version.model,
        "key": str(version.version),
        "run": "",
        "state": "evaluated",
        "at": datetime.now(UTC),
        "record": as_json(version),
        "first_day": version.trained_on.first,
        "last_day": version.trained_on.last,
    }


def _insert_new(table: Any, rows: list[dict[str, Any]], session: Session) -> None:
    if not rows:
        return
    dialect = import_module(f"sqlalchemy.dialects.{session.get_bind().dialect.name}")  # late: only this one
    session.execute(dialect.insert(table).on_conflict_do_nothing(), rows)
