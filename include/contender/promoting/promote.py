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
        return tuple(book.enter(decision) for decision in decisions)
    finally:
        for model in {decision.model for decision in decisions}:
            follow_ledger(model, book, registry)


def follow_ledger(model: str, book: Book, registry: Registry) -> int | None:
    """Point the alias at the champion of the ledger's newest entry; returns the version that serves.

    Looks again after it has written: of two at once, the one that wrote last has seen the newest entry.
    """
    while True:
        serving = book.champion(model)
        if serving is not None:
            registry.set_champion(model, serving)
        if book.champion(model) == serving:
            return serving
