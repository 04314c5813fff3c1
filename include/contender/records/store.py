"""The base of all record stores: add a record, get it by id, list the newest."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from contender.records.tables import Base
from contender.specs.frozen import Frozen

Record = TypeVar("Record", bound=Frozen)
Subjects = str | Collection[str] | None


class RecordStore(Generic[Record]):
    """The records of one kind, in one table. A stored record is never overwritten by one with the same id."""

    row: type[Base]
    kind: type[Record]

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, record_id: str) -> Record | None:
        """Return the record with an id, or None."""
        with Session(self._engine) as session:
            row = session.get(self.row, record_id)
            return None if row is None else self.kind.model_validate(row.record)

    def newest(self, subject: Subjects = None, limit: int = 100) -> list[Record]:
        """Return the newest records (of one subject, of some, or of all), newest first.

        Use it to list records. Other lookups need a query of their own, because `limit` may hide older records.
        """
        query = select(self.row).order_by(self.row.at.desc()).limit(limit)
        if subject is not None:
            query = query.where(self.row.subject.in_([subject] if isinstance(subject, str) else subject))
        return self._all(query)

    def add(self, record: Record) -> Record:
        """Store a record and return it, or return the stored record if the id is taken.

        If the clock was set back since the newest record of its subject, it is stored with a time just after that one.
        """
        ordered = self._after_newest(record)
        return self._insert(ordered, self.row_of(ordered))

    def row_of(self, record: Record) -> Base:
        """Return the database row of a record."""
        raise NotImplementedError

    def _after_newest(self, record: Record) -> Record:
        """Return the record, later than the newest of its subject if that one is in the future."""
        row = self.row_of(record)
        with Session(self._engine) as session:
            found = session.scalar(select(func.max(self.row.at)).where(self.row.subject == row.subject))
        newest = None if found is None else found.replace(tzinfo=UTC) if found.tzinfo is None else found
        if newest is None or newest <= datetime.now(UTC) or row.at > newest:
            return record
        return record.model_copy(update={"at": newest + timedelta(microseconds=1)})

    def _since(self, subject: str, first: date, *conditions: Any) -> list[Record]:
        """Return the records of a subject whose key is a day from `first` on, in the order of days."""
        row = self.row
        query = select(row).where(row.subject == subject, row.key >= str(first), *conditions)
        return self._all(query.order_by(row.key))

    def _all(self, query: Any) -> list[Record]:
        with Session(self._engine) as session:
            return [self.kind.model_validate(row.record) for row in session.scalars(query)]

    def _first(self, query: Any) -> Record | None:
        return next(iter(self._all(query.limit(1))), None)

    def _insert(self, record: Record, row: Base) -> Record:
        """Insert the row of a record; if its id is taken, return the stored record."""
        row_id = row.id
        try:
            with Session(self._engine) as session, session.begin():
                session.add(row)
                self._insert_beside(record, session)
        except IntegrityError:
            kept = self.get(row_id)
            if kept is None:
                raise
            return kept
        return record

    def _insert_beside(self, record: Record, session: Session) -> None:
        """Insert further rows in the same transaction; a store with more than one table overrides this."""


def as_json(record: Frozen) -> dict[str, object]:
    """Return the record as JSON-compatible values."""
    return record.model_dump(mode="json")
