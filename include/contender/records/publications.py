"""Commits to the lake: intended before they are made, confirmed after."""

from __future__ import annotations

from sqlalchemy import select
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
    """What was published, by batch and run."""

    row, kind = PublicationRow, Publication

    def intend(self, publication: Publication) -> None:
        """Record that a batch is about to be committed; it takes the place of what an earlier attempt intended."""
        if self.add(publication) is not publication:
            with Session(self._engine) as session, session.begin():
                kept = session.get_one(PublicationRow, publication.id)
                kept.state, kept.record = "intended", as_json(publication)

    def row_of(self, record: Publication) -> PublicationRow:
        """Return the row of a publication that is intended."""
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
        """Record that the commit went through, and that what follows from it was done."""
        with Session(self._engine) as session, session.begin():
            row = session.get_one(PublicationRow, publication_id)
            row.state = "committed"

    def unconfirmed(self, table: str, days: Days) -> list[Publication]:
        """Return what was intended for exactly these days and not confirmed, oldest first."""
        row = PublicationRow
        query = select(row).where(row.subject == table, row.key == days.key, row.state == "intended")
        return self._all(query.order_by(row.at))

    def contains(self, table: str, days: Days) -> bool:
        """Return whether a batch of exactly these days was ever committed to a table."""
        row = PublicationRow
        query = select(row.id).where(row.subject == table, row.key == days.key, row.state == "committed")
        with Session(self._engine) as session:
            return session.scalars(query.limit(1)).first() is not None
