"""Enter decisions into the ledger, and point the champion's alias at its newest entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contender.records import Book, Decision, Entry

if TYPE_CHECKING:
    from contender.registry import Registry


def promote(decisions: Sequence[Decision], book: Book, registry: Registry) -> tuple[Entry, ...]:
    """Enter a night's decisions in their order, then update the alias.

    If a run is killed between the two steps, the next run updates the alias with `follow_ledger`. Raises
    StaleDecision if a decision was made against another champion; the entries before it remain.
    """
    try:
        return tuple(book.ledger.enter(decision) for decision in decisions)
    finally:
        for model in {decision.model for decision in decisions}:
            follow_ledger(model, book, registry)


def follow_ledger(model: str, book: Book, registry: Registry) -> int | None:
    """Point the alias at the champion of the ledger's newest entry; return the serving version.

    The entry's seal is stored in the registry, too, so that entries removed from the ledger's end are detected.
    The ledger is read again after writing: of two concurrent calls, the last writer has seen the newest entry.
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
    """Return the errors in a model's ledger, one line each: its own, and differences from the registry's copy."""
    wrong = list(book.ledger.verify(model))
    noted = registry.noted_ledger(model)
    newest = book.ledger.head(model)
    last = 0 if newest is None else newest.number
    if noted is not None and noted[0] > last:
        wrong.append(f"entries {last + 1} to {noted[0]} are missing: the registry recorded entry {noted[0]}")
    elif noted is not None and (entry := book.ledger.entry(model, noted[0])) and entry.seal != noted[1]:
        wrong.append(f"entry {noted[0]} has another seal than the registry recorded")
    alias = registry.champion(model)
    serving = None if alias is None else alias.version
    if newest is not None and serving != newest.decision.champion_after:
        wrong.append(
            f"the alias points to version {serving}, the ledger to {newest.decision.champion_after}: "
            "the next run of retrain or score updates the alias"
        )
    return tuple(wrong)
