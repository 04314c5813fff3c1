"""Decisions that wait for a person before they are entered into the ledger, and what the person said."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from contender.records.models import Decision
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen

State = Literal["waiting", "approved", "refused", "unanswered", "stale"]


class Answer(Frozen):
    """What came of asking about a decision; `by` is None when nobody answered in time, which is a no."""

    decision: str = Field(description="id of the decision that was asked about")
    approved: bool
    by: str | None
    at: datetime
    why: str | None = None

    @property
    def state(self) -> State:
        """In one word."""
        return "approved" if self.approved else "refused" if self.by else "unanswered"


class Proposal(Frozen):
    """A decision that waits, or waited, for a person. Its id is the decision's; asked again, it is waiting again.

    `stale` is one that was approved after the champion had changed: it was not entered.
    """

    decision: Decision
    asked: datetime
    deadline: datetime
    form: str = Field(description="where it is answered")
    state: State = "waiting"
    answer: Answer | None = None

    @property
    def open(self) -> bool:
        """Whether it can still be answered; one that a person stopped in Airflow is left waiting for nothing."""
        return self.state == "waiting" and datetime.now(UTC) < self.deadline

    @property
    def what(self) -> str:
        """What is asked about, in words."""
        if self.decision.kind == "first":
            return "the first version"
        return "a new recipe" if self.decision.changes_recipe else "a refresh"


class ProposalRow(Base):
    """subject: model; key: night; state: `waiting`, or what became of it."""

    __tablename__ = "proposals"
    __table_args__ = indexes("proposals", ("state", "at"))


class Proposals(RecordStore[Proposal]):
    """Decisions that wait, or waited, by model."""

    row, kind = ProposalRow, Proposal

    def put(self, proposal: Proposal) -> None:
        """Keep a proposal as it is now, in place of what was kept of it."""
        with Session(self._engine) as session, session.begin():
            session.merge(self.row_of(proposal))

    def row_of(self, record: Proposal) -> ProposalRow:
        """Return the row that keeps a record."""
        decision = record.decision
        return ProposalRow(
            id=decision.id,
            subject=decision.model,
            key=str(decision.night),
            run="",
            state=record.state,
            at=record.asked.astimezone(UTC),
            record=as_json(record),
        )

    def waiting(self, models: Collection[str]) -> list[Proposal]:
        """Return all that wait for an answer about these models, newest first."""
        row = ProposalRow
        return self._all(
            select(row).where(row.subject.in_(models), row.state == "waiting").order_by(row.at.desc())
        )
