"""Publications: recorded as intended before the commit to the lake, and confirmed after it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contender.records.batches import Publication
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs import Days


class PublicationRow(Base):
    """subject: table; key: days; state: `intended`, then `committed`."""

    __tablename__ = "publications"
    __table_args__ = indexes("publications", ("subject", "key", "state"))


class Publications(RecordStore[Publication]):
    """Publications by batch and run."""

    row, kind = PublicationRow, Publication

    def intend(self, publication: Publication) -> None:
        """Record that a batch is about to be committed, replacing the record of an earlier attempt."""
        if self.add(publication) is not publication:
            with Session(self._engine) as session, session.begin():
                kept = session.get_one(PublicationRow, publication.id)
                kept.state, kept.record = "intended", as_json(publication)

    def row_of(self, record: Publication) -> PublicationRow:
        """Return the database row of an intended publication."""
        return PublicationRow(
            id=record.id,
            subject=record.table,
            key=record.days.key,
            run=record.run,
            state="intended",
            at=record.at,
            record=as_json(record),
        )

    def confirm(self, publication_id: str) -> None:
        """Record that the commit and all steps after it are done."""
        with Session(self._engine) as session, session.begin():
            row = session.get_one(PublicationRow, publication_id)
            row.state = "committed"

    def unconfirmed(self, table: str, days: Days) -> list[Publication]:
        """Return the unconfirmed publications of exactly these days, oldest first."""
        row = PublicationRow
        query = select(row).where(row.subject == table, row.key == days.key, row.state == "intended")
        return self._all(query.order_by(row.at))

    def contains(self, table: str, days: Days) -> bool:
        """Return whether a publication of exactly these days was confirmed."""
        row = PublicationRow
        query = select(row.id).where(row.subject == table, row.key == days.key, row.state == "committed")
        with Session(self._engine) as session:
            return session.scalars(query.limit(1)).first() is not None

    def ranges(self, table: str) -> list[Days]:
        """Return the ranges of more than one day of a table that were published at once, as by a load."""
        row = PublicationRow
        query = select(row.key).where(row.subject == table, row.key.contains(".."), row.state == "committed")
        with Session(self._engine) as session:
            return [Days.read(key) for key in session.scalars(query.distinct().order_by(row.key))]

    def newest_days(self) -> dict[str, date]:
        """Return the newest day of the confirmed publications of each table that has any."""
        row = PublicationRow
        last = func.substr(row.key, func.length(row.key) - 9)  # of `FIRST..LAST`, or the whole of one day
        query = select(row.subject, func.max(last)).where(row.state == "committed").group_by(row.subject)
        with Session(self._engine) as session:
            return {table: date.fromisoformat(day) for table, day in session.execute(query)}

    def committed_among(self, batches: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which of these tables with days (as `Days.key`) have a confirmed publication of exactly these days."""
        row, wanted = PublicationRow, set(batches)
        # Two lists, since SQLite does not search an index by pairs.
        query = select(row.subject, row.key).where(
            row.subject.in_({table for table, _ in wanted}),
            row.key.in_({days for _, days in wanted}),
            row.state == "committed",
        )
        with Session(self._engine) as session:
            return wanted.intersection((table, days) for table, days in session.execute(query))

    def committed_since(self, table: str, at: datetime) -> list[Days]:
        """Return the days of the confirmed publications of a table that began after a time, oldest first."""
        row = PublicationRow
        query = select(row.key).where(
            row.subject == table, row.at > at.astimezone(UTC), row.state == "committed"
        )
        with Session(self._engine) as session:
            return [Days.read(key) for key in session.scalars(query.order_by(row.at))]
