"""Decisions that wait for a person before they are entered into the ledger, and what the person said."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from contender.records.models import Decision
from contender.records.tables import ProposalRow
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


def write(engine: Engine, proposal: Proposal) -> None:
    """Keep a proposal as it is now."""
    decision = proposal.decision
    row = ProposalRow(
        id=decision.id,
        subject=decision.model,
        key=str(decision.night),
        run="",
        state=proposal.state,
        at=proposal.asked.astimezone(UTC),
        record=proposal.model_dump(mode="json"),
    )
    with Session(engine) as session, session.begin():
        session.merge(row)


def read(engine: Engine, models: Collection[str], state: State | None, limit: int) -> list[Proposal]:
    """The newest proposals about these models (in that state), newest first."""
    query = select(ProposalRow).where(ProposalRow.subject.in_(models))
    if state is not None:
        query = query.where(ProposalRow.state == state)
    with Session(engine) as session:
        rows = session.scalars(query.order_by(ProposalRow.at.desc()).limit(limit))
        return [Proposal.model_validate(row.record) for row in rows]
