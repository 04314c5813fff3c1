"""What every part of the book does: keep a record under its id, find it again, list the newest."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from contender.records.tables import Base
from contender.specs.frozen import Frozen

Record = TypeVar("Record", bound=Frozen)
Subjects = str | Collection[str] | None


class RecordStore(Generic[Record]):
    """The records of one kind, in one table. A record whose id is taken is left as it was kept first."""

    row: type[Base]
    kind: type[Record]

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, record_id: str) -> Record | None:
        """Return the record of that id; None when there is none."""
        with Session(self._engine) as session:
            row = session.get(self.row, record_id)
            return None if row is None else self.kind.model_validate(row.record)

    def newest(self, subject: Subjects = None, limit: int = 100) -> list[Record]:
        """Return the newest records (of one subject, or of some), newest first: for a page that lists them.

        Whatever else is asked of the book needs a query of its own, which no number of newer records can hide.
        """
        query = select(self.row).order_by(self.row.at.desc()).limit(limit)
        if subject is not None:
            query = query.where(self.row.subject.in_([subject] if isinstance(subject, str) else subject))
        return self._all(query)

    def add(self, record: Record) -> Record:
        """Keep a record; return the one that is kept under its id, which is an older one if the id was taken."""
        return self._insert(record, self.row_of(record))

    def row_of(self, record: Record) -> Base:
        """Return the row that keeps a record."""
        raise NotImplementedError

    def _all(self, query: Any) -> list[Record]:
        with Session(self._engine) as session:
            return [self.kind.model_validate(row.record) for row in session.scalars(query)]

    def _first(self, query: Any) -> Record | None:
        return next(iter(self._all(query.limit(1))), None)

    def _insert(self, record: Record, row: Base) -> Record:
        """Insert a row for the record; when its id is taken, return the record that is kept there."""
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
        """Insert what a part of the book keeps beside its records, in the same transaction; most keep nothing."""


def as_json(record: Frozen) -> dict[str, object]:
    """Return the record as it is kept in its row."""
    return record.model_dump(mode="json")
