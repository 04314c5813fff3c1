"""What of a night's decisions waits for a person, and what the person's answer makes of it."""

from __future__ import annotations

from collections.abc import Sequence

from contender.promoting.promote import promote
from contender.records import Answer, Book, Decision, Entry, Reason, StaleDecision, identify
from contender.registry import Registry
from contender.specs import Approval

Decisions = tuple[Decision, ...]


def needs_approval(decision: Decision, approval: Approval) -> bool:
    """Whether a decision waits: it would change what serves, and the spec wants that kind of change approved."""
    if not decision.promoted:
        return False
    if decision.kind == "first":
        return approval.first
    return approval.new_recipes if decision.changes_recipe else approval.refreshes


def split_by_approval(decisions: Sequence[Decision], approval: Approval) -> tuple[Decisions, Decisions]:
    """Part a night's decisions into those to enter at once and those that wait, each in their order.

    What is entered at once is so linked as if what waits were not there: a champion that waits for nobody never
    waits. A refresh is not asked about when, in the same night, a rival takes the place without being asked about:
    it is held, for it would serve for no moment.
    """
    if not decisions:
        return (), ()
    before = decisions[0].champion_before
    waiting = [decision for decision in decisions if needs_approval(decision, approval)]
    taken = next((d for d in decisions if d.kind == "promoted" and d not in waiting), None)
    if waiting and taken is not None:
        overtaken = f"not asked about: version {taken.challenger} of another recipe takes the place tonight"
        decisions = [_hold(d, overtaken) if d in waiting else d for d in decisions]
        waiting = []
    at_once = _link([d for d in decisions if d not in waiting], before)
    return at_once, _link(waiting, at_once[-1].champion_after if at_once else before)


def apply_answers(
    waiting: Sequence[Decision], answers: Sequence[Answer], approval: Approval, serving: int | None
) -> Decisions:
    """What the answers make of the decisions that waited, one answer each.

    Approved ones stand as they were judged, against the champion that they were judged against; if that one has
    changed, the ledger will refuse them. When none was approved nothing changes, and `serving` serves on.
    An answer that is given anew, after a person cleared the question, makes another entry.
    """
    said = {answer.decision: answer for answer in answers}
    settled = [_answered(decision, said[decision.id], approval) for decision in waiting]
    judged_against = waiting[0].champion_before
    return _link(settled, judged_against if any(d.promoted for d in settled) else serving)


def enter_answers(
    waiting: Sequence[Decision],
    answers: Sequence[Answer],
    approval: Approval,
    book: Book,
    registry: Registry,
) -> tuple[Entry, ...]:
    """Enter what was asked about, as it was answered; the alias follows. To do it again changes nothing.

    Raises StaleDecision when something was approved that was judged against another champion than serves now.
    """
    said = {answer.decision: answer for answer in answers}
    decided = apply_answers(waiting, answers, approval, book.ledger.champion(waiting[0].model))
    entries: list[Entry] = []
    for asked, decision in zip(waiting, decided, strict=True):
        try:
            entries += promote([decision], book, registry)
        except StaleDecision:
            _note(said[asked.id], book, stale=True)
            raise
        _note(said[asked.id], book)
    return tuple(entries)


def _note(answer: Answer, book: Book, *, stale: bool = False) -> None:
    if (proposal := book.proposals.get(answer.decision)) is not None:
        state = "stale" if stale else answer.state
        book.proposals.put(proposal.model_copy(update={"state": state, "answer": answer}))


def _answered(decision: Decision, answer: Answer, approval: Approval) -> Decision:
    told = f"nobody answered within {approval.hours:g} hours"
    if answer.by is not None:
        told = f"{answer.state} by {answer.by}, {answer.at:%Y-%m-%d %H:%M} UTC"
    named: dict[str, object] = {
        "id": identify("answered", decision.id, answer.at),
        "why": answer.why,
        "answered_at": answer.at if answer.by else None,
    }
    if answer.approved:
        reasons = (*decision.reasons, _reason(told, holds=True))
        return decision.model_copy(update={**named, "approved_by": answer.by, "reasons": reasons})
    return _hold(decision, told).model_copy(update={**named, "by": answer.by or decision.by})


def _hold(decision: Decision, told: str) -> Decision:
    reasons = (*decision.reasons, _reason(told, holds=False))
    return decision.model_copy(update={"kind": "held", "reasons": reasons})


def _reason(told: str, *, holds: bool) -> Reason:
    return Reason(guard="approval", holds=holds, observed=None, bound=None, explanation=told)


def _link(decisions: Sequence[Decision], before: int | None) -> Decisions:
    """Let each decision begin with the champion that the one before it leaves."""
    linked = []
    for decision in decisions:
        after = decision.challenger if decision.promoted else before
        linked.append(decision.model_copy(update={"champion_before": before, "champion_after": after}))
        before = after
    return tuple(linked)
