"""The common schema of the book's tables: searched fields in columns, and the whole record as JSON."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, DateTime, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The columns of every table."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(40))
    run: Mapped[str] = mapped_column(String(250), default="")
    state: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    record: Mapped[dict[str, object]] = mapped_column(JSON)


def indexes(table: str, *searched_by: tuple[str, ...]) -> tuple[Index, ...]:
    """Return an index for each list of columns that a table is searched by, and one on subject and time."""
    return tuple(
        Index(f"{table}_by_{'_'.join(columns)}", *columns) for columns in (("subject", "at"), *searched_by)
    )
