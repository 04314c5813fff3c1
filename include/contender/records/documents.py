"""Texts that records refer to by their fingerprint and that the book keeps once: contracts, lists of packages."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from pydantic import Field

from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen


class Document(Frozen):
    """A text as it was when it was kept; its id is its fingerprint."""

    id: str
    kind: str
    text: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def fingerprint_text(text: str) -> str:
    """The name of a text: equal for equal texts."""
    return sha256(text.encode()).hexdigest()[:16]


class DocumentRow(Base):
    """id: fingerprint of the text; subject: what kind of text; key: nothing; state: `kept`."""

    __tablename__ = "documents"
    __table_args__ = indexes("documents")


class Documents(RecordStore[Document]):
    """Texts by their fingerprint."""

    row, kind = DocumentRow, Document

    def keep(self, kind: str, text: str) -> str:
        """Keep a text that records refer to (a contract, a list of packages), once; return its fingerprint."""
        return self.add(Document(id=fingerprint_text(text), kind=kind, text=text)).id

    def row_of(self, record: Document) -> DocumentRow:
        """Return the row that keeps a record."""
        return DocumentRow(
            id=record.id,
            subject=record.kind,
            key="",
            run="",
            state="kept",
            at=record.at,
            record=as_json(record),
        )

    def text(self, fingerprint: str) -> str | None:
        """Return the text of that fingerprint; None when it was not kept, or is not what was kept."""
        found = self.get(fingerprint)
        return found.text if found and fingerprint_text(found.text) == fingerprint else None
