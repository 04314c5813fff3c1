"""What people did, from both places that keep it: the acts, and the ledger's decisions by hand or by approval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contender.records.acts import Act
from contender.records.book import Book
from contender.records.ledger import MACHINE, Entry
from contender.specs.frozen import Frozen


class Audited(Frozen):
    """One thing that a person did: who, when, what, to what, and why."""

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
    """The newest things that people did (to one thing, or by one person), newest first.

    `about` is a table, dataset or model; a table's `namespace.name` is also found by its name alone.
    """
    return merge(
        book.acts.by_people(about, by, limit), book.ledger.by_people(about, by, limit), about=about, by=by
    )[:limit]


def merge(
    acts: Sequence[Act], entries: Sequence[Entry], *, about: str | None = None, by: str | None = None
) -> tuple[Audited, ...]:
    """Acts and the ledger's decisions by people as one list, newest first."""
    found = [_act(act) for act in acts]
    found += [told for entry in entries if (told := _decision(entry)) is not None]
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
        reason=decision.why or "none was asked for",
        kept_in=f"ledger, entry {entry.number}",
    )
