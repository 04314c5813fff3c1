"""Enters decisions into the ledger and lets the champion's alias follow it."""

from __future__ import annotations

from collections.abc import Sequence

from contender.records import Book, Decision, Entry
from contender.registry import Registry


def promote(decisions: Sequence[Decision], book: Book, registry: Registry) -> tuple[Entry, ...]:
    """Enter a night's decisions in their order, then let the alias follow.

    The ledger comes first: an attempt killed between the two leaves the alias behind, and whoever comes next
    calls `follow_ledger`. Raises StaleDecision when the champion is not the one that was judged; what was entered
    before it stands.
    """
    try:
        return tuple(book.ledger.enter(decision) for decision in decisions)
    finally:
        for model in {decision.model for decision in decisions}:
            follow_ledger(model, book, registry)


def follow_ledger(model: str, book: Book, registry: Registry) -> int | None:
    """Point the alias at the champion of the ledger's newest entry; returns the version that serves.

    The entry's seal is kept beside the alias, so that entries that vanish from the ledger's end are missed.
    Looks again after it has written: of two at once, the one that wrote last has seen the newest entry.
    """
    while True:
        newest = book.ledger.head(model)
        if newest is None:
            return None
        serving = newest.decision.champion_after
        if serving is not None:
            registry.set_champion(model, serving)
            registry.note_ledger(model, newest.number, newest.seal)
        if book.ledger.head(model) == newest:
            return serving


def verify_ledger(model: str, book: Book, registry: Registry) -> tuple[str, ...]:
    """What is wrong with a model's ledger, a line each: within it, and against what the registry keeps of it."""
    wrong = list(book.ledger.verify(model))
    noted = registry.noted_ledger(model)
    newest = book.ledger.head(model)
    last = 0 if newest is None else newest.number
    if noted is not None and noted[0] > last:
        wrong.append(f"entries {last + 1} to {noted[0]} are gone: the registry knows of entry {noted[0]}")
    elif noted is not None and (entry := book.ledger.entry(model, noted[0])) and entry.seal != noted[1]:
        wrong.append(f"entry {noted[0]} is not the one that the registry knows of")
    alias = registry.champion(model)
    serving = None if alias is None else alias.version
    if newest is not None and serving != newest.decision.champion_after:
        wrong.append(
            f"the alias says version {serving}, the ledger {newest.decision.champion_after}: "
            "it follows at the next run of retrain or score"
        )
    return tuple(wrong)
