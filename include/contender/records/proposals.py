"""Proposals: decisions that wait for a person's approval before they are entered into the ledger, and the answers."""

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
    """The answer to a proposal; `by` is None if no one answered in time: that rejects it, except in a break."""

    decision: str = Field(description="id of the proposed decision")
    approved: bool
    by: str | None
    at: datetime
    why: str | None = None

    @property
    def state(self) -> State:
        """The state of the answered proposal."""
        return "approved" if self.approved else "refused" if self.by else "unanswered"


class Proposal(Frozen):
    """A decision that waits, or waited, for a person. Its id is the decision's; proposed again, it waits again.

    A `stale` proposal was approved after the champion had changed, and was not entered into the ledger.
    """

    decision: Decision
    asked: datetime
    deadline: datetime
    form: str = Field(description="URL at which it is answered")
    state: State = "waiting"
    answer: Answer | None = None

    @property
    def open(self) -> bool:
        """Whether it can still be answered. If its task was stopped in Airflow, it stays waiting past its deadline."""
        return self.state == "waiting" and datetime.now(UTC) < self.deadline

    @property
    def what(self) -> str:
        """What is proposed: the first version, a new recipe or a refresh."""
        if self.decision.kind == "first":
            return "the first version"
        if self.decision.of_break:
            return "a version for a break" if self.decision.kind == "recovered" else "the end of a break"
        return "a new recipe" if self.decision.changes_recipe else "a refresh"


class ProposalRow(Base):
    """subject: model; key: night; state: as in a proposal."""

    __tablename__ = "proposals"
    __table_args__ = indexes("proposals", ("state", "at"))


class Proposals(RecordStore[Proposal]):
    """Proposals by model."""

    row, kind = ProposalRow, Proposal

    def put(self, proposal: Proposal) -> None:
        """Insert a proposal, or replace the stored one."""
        with Session(self._engine) as session, session.begin():
            session.merge(self.row_of(proposal))

    def row_of(self, record: Proposal) -> ProposalRow:
        """Return the database row of a record."""
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
        """Return the waiting proposals of some models, newest first."""
        row = ProposalRow
        return self._all(
            select(row).where(row.subject.in_(models), row.state == "waiting").order_by(row.at.desc())
        )
