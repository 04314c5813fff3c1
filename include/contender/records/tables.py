"""The shape of every table of the book: what is searched by is in columns, the record itself beside it as JSON."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, DateTime, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Every table keeps its rows in the order of their arrival."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), index=True)
    key: Mapped[str] = mapped_column(String(40))
    run: Mapped[str] = mapped_column(String(250), default="")
    state: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    record: Mapped[dict[str, object]] = mapped_column(JSON)
