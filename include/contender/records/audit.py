"""The audit trail of people: acts, and ledger decisions that a person made or approved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contender.records.acts import Act
from contender.records.book import Book
from contender.records.ledger import MACHINE, Entry
from contender.specs.frozen import Frozen


class Audited(Frozen):
    """One action of a person: who, when, what, to what, and why."""

    at: datetime
    by: str
    what: str
    about: str
    key: str
    reason: str
    kept_in: str


def read_audit(
    book: Book, *, about: str | None = None, by: str | None = None, limit: int = 100
) -> tuple[Audited, ...]:
    """Return the newest actions of people, newest first; optionally only about one subject or by one person.

    `about` is a table, dataset or model; a table `namespace.name` is also found by its name alone.
    """
    return merge(
        book.acts.by_people(about, by, limit), book.ledger.by_people(about, by, limit), about=about, by=by
    )[:limit]


def merge(
    acts: Sequence[Act], entries: Sequence[Entry], *, about: str | None = None, by: str | None = None
) -> tuple[Audited, ...]:
    """Merge acts and the ledger's decisions by people into one list, newest first."""
    found = [_act(act) for act in acts]
    found += [audited for entry in entries if (audited := _decision(entry)) is not None]
    chosen = [
        one
        for one in found
        if about in (None, one.about, one.about.partition(".")[2]) and by in (None, one.by)
    ]
    return tuple(sorted(chosen, key=lambda one: one.at, reverse=True))


def _act(act: Act) -> Audited:
    state = act.detail.get("state")
    return Audited(
        at=act.at,
        by=act.by,
        what=f"{act.kind} ({state})" if state else act.kind,
        about=act.about,
        key=act.key,
        reason=act.reason,
        kept_in="acts",
    )


def _decision(entry: Entry) -> Audited | None:
    decision = entry.decision
    if decision.approved_by is None and decision.by == MACHINE:
        return None
    approved = decision.approved_by is not None
    return Audited(
        at=entry.entered,
        by=decision.approved_by or decision.by,
        what=f"approved: {decision.kind}" if approved else decision.kind,
        about=decision.model,
        key=f"version {decision.challenger}, night {decision.night}",
        reason=decision.why or "no reason given",
        kept_in=f"ledger, entry {entry.number}",
    )
