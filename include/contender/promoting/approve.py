"""Approval: which of a night's decisions wait for a person, and how the answers are applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contender.promoting.promote import promote
from contender.records import Answer, Book, Decision, Entry, Reason, StaleDecision, identify
from contender.specs import Approval

if TYPE_CHECKING:
    from contender.registry import Registry

Decisions = tuple[Decision, ...]


def needs_approval(decision: Decision, approval: Approval) -> bool:
    """Return whether a decision would change the champion in a way that the spec requires approval for.

    To serve the version from before a break again, which has no evaluation of the night, needs none.
    """
    if not decision.promoted or decision.evaluation is None:
        return False
    if decision.kind == "first":
        return approval.first
    return approval.new_recipes if decision.changes_recipe else approval.refreshes


def split_by_approval(decisions: Sequence[Decision], approval: Approval) -> tuple[Decisions, Decisions]:
    """Split a night's decisions into those that are entered at once and those that wait, each in their order.

    Decisions that are entered at once are linked as if the waiting ones did not exist. If a rival is promoted without
    approval, a refresh of the same night is held instead of waiting for approval: it would be replaced at once.
    """
    if not decisions:
        return (), ()
    before = decisions[0].champion_before
    waiting = [decision for decision in decisions if needs_approval(decision, approval)]
    unapproved = next((d for d in decisions if d.kind == "promoted" and d not in waiting), None)
    if waiting and unapproved is not None:
        explanation = (
            f"approval not requested: version {unapproved.challenger} of another recipe is promoted tonight"
        )
        decisions = [_hold(d, explanation) if d in waiting else d for d in decisions]
        waiting = []
    at_once = _link([d for d in decisions if d not in waiting], before)
    return at_once, _link(waiting, at_once[-1].champion_after if at_once else before)


def apply_answers(
    waiting: Sequence[Decision], answers: Sequence[Answer], approval: Approval, serving: int | None
) -> Decisions:
    """Apply one answer to each waiting decision.

    Approved decisions keep the champion that they were made against; if it has changed, the ledger rejects them.
    If none was approved, `serving` stays the champion. If a person clears the task and answers again, the new answer
    makes a new entry.
    """
    by_decision = {answer.decision: answer for answer in answers}
    answered = [_apply_answer(decision, by_decision[decision.id], approval) for decision in waiting]
    evaluated_against = waiting[0].champion_before
    return _link(answered, evaluated_against if any(d.promoted for d in answered) else serving)


def enter_answers(
    waiting: Sequence[Decision],
    answers: Sequence[Answer],
    approval: Approval,
    book: Book,
    registry: Registry,
) -> tuple[Entry, ...]:
    """Enter the decisions with their answers into the ledger, and update the alias. Idempotent.

    Raises StaleDecision if an approved decision was made against another champion than the current one.
    """
    by_decision = {answer.decision: answer for answer in answers}
    decided = apply_answers(waiting, answers, approval, book.ledger.champion(waiting[0].model))
    entries: list[Entry] = []
    for proposed, decision in zip(waiting, decided, strict=True):
        try:
            entries += promote([decision], book, registry)
        except StaleDecision as error:
            answer = by_decision[proposed.id]
            _record_answer(answer, book, stale=True)
            raise StaleDecision(f"approved by {answer.by}, but not carried out: {error}") from None
        _record_answer(by_decision[proposed.id], book)
    return tuple(entries)


def _record_answer(answer: Answer, book: Book, *, stale: bool = False) -> None:
    if (proposal := book.proposals.get(answer.decision)) is not None:
        state = "stale" if stale else answer.state
        book.proposals.put(proposal.model_copy(update={"state": state, "answer": answer}))


def _apply_answer(decision: Decision, answer: Answer, approval: Approval) -> Decision:
    default = "approved" if answer.approved else "rejected"
    explanation = f"{default} by default: no answer within {approval.hours:g} hours"
    if answer.by is not None:
        explanation = f"{answer.state} by {answer.by}, {answer.at:%Y-%m-%d %H:%M} UTC"
    changes: dict[str, object] = {
        "id": identify("answered", decision.id, answer.at),
        "why": answer.why,
        "answered_at": answer.at if answer.by else None,
    }
    if answer.approved:
        reasons = (*decision.reasons, _reason(explanation, passed=True))
        return decision.model_copy(update={**changes, "approved_by": answer.by, "reasons": reasons})
    return _hold(decision, explanation).model_copy(update={**changes, "by": answer.by or decision.by})


def _hold(decision: Decision, explanation: str) -> Decision:
    reasons = (*decision.reasons, _reason(explanation, passed=False))
    return decision.model_copy(update={"kind": "held", "reasons": reasons})


def _reason(explanation: str, *, passed: bool) -> Reason:
    return Reason(guard="approval", passed=passed, observed=None, bound=None, explanation=explanation)


def _link(decisions: Sequence[Decision], before: int | None) -> Decisions:
    """Make each decision start from the champion that the previous one leaves."""
    linked = []
    for decision in decisions:
        after = decision.challenger if decision.promoted else before
        linked.append(decision.model_copy(update={"champion_before": before, "champion_after": after}))
        before = after
    return tuple(linked)
