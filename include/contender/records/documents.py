"""Documents: texts such as contracts and package lists, stored once and referred to by their fingerprint."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from pydantic import Field

from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen


class Document(Frozen):
    """A stored text; its id is its fingerprint."""

    id: str
    kind: str
    text: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def fingerprint_text(text: str) -> str:
    """Return the fingerprint of a text: the first 16 hexadecimal digits of its SHA-256."""
    return sha256(text.encode()).hexdigest()[:16]


class DocumentRow(Base):
    """id: fingerprint of the text; subject: kind of text; key: empty; state: `kept`."""

    __tablename__ = "documents"
    __table_args__ = indexes("documents")


class Documents(RecordStore[Document]):
    """Texts by their fingerprint."""

    row, kind = DocumentRow, Document

    def keep(self, kind: str, text: str) -> str:
        """Store a text (a contract, a package list) unless it is already stored, and return its fingerprint."""
        return self.add(Document(id=fingerprint_text(text), kind=kind, text=text)).id

    def row_of(self, record: Document) -> DocumentRow:
        """Return the database row of a record."""
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
        """Return the text with a fingerprint, or None if it is not stored or was changed since."""
        found = self.get(fingerprint)
        return found.text if found and fingerprint_text(found.text) == fingerprint else None
