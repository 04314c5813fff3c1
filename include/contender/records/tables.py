"""The tables of the book: what is searched by stands in columns, the record itself beside it as JSON."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, DateTime, Index, String, UniqueConstraint
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


class GateResultRow(Base):
    """subject: table; key: days; state: verdict."""

    __tablename__ = "gate_results"
    __table_args__ = (Index("gate_results_of_a_batch", "subject", "key"),)


class PublicationRow(Base):
    """subject: table; key: days; state: `intended`, then `committed`."""

    __tablename__ = "publications"
    __table_args__ = (Index("publications_of_a_batch", "subject", "key"),)


class EvaluationRow(Base):
    """subject: model; key: night; state: `judged`."""

    __tablename__ = "evaluations"


class LedgerRow(Base):
    """subject: model; key: night; state: the decision's kind."""

    __tablename__ = "ledger"
    __table_args__ = (UniqueConstraint("subject", "number", name="one_entry_a_number"),)

    number: Mapped[int]
    seal: Mapped[str] = mapped_column(String(64))


class ProposalRow(Base):
    """subject: model; key: night; state: `waiting`, or what became of it."""

    __tablename__ = "proposals"


class PairedDayRow(Base):
    """subject: model; key: day; state: the question, `race` or `still`."""

    __tablename__ = "paired_days"


class MonitoredRow(Base):
    """subject: model; key: day; state: the drift verdict."""

    __tablename__ = "monitored"


class AlertRow(Base):
    """subject: what it is about; key: its kind; run: until when somebody is sending it; state: `pending` or `sent`."""

    __tablename__ = "alerts"


class ProfileRow(Base):
    """subject: table; key: day; state: `profiled`."""

    __tablename__ = "profiles"


class ActRow(Base):
    """subject: what it was done to; key: days or version; state: the act's kind."""

    __tablename__ = "acts"


class DocumentRow(Base):
    """id: fingerprint of the text; subject: what kind of text; key: nothing; state: `kept`."""

    __tablename__ = "documents"


class CaveatRow(Base):
    """subject: model; key: version; state: the caveat's kind."""

    __tablename__ = "caveats"
