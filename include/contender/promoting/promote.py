"""Enters a decision into the ledger and lets the champion's alias follow it."""

from __future__ import annotations

from contender.records import Book, Decision
from contender.registry import Registry


def promote(decision: Decision, book: Book, registry: Registry) -> Decision:
    """Keep the decision, then point the alias at the champion of the ledger's newest entry.

    The ledger comes first: an attempt killed between the two leaves the alias one entry behind, and the next
    one catches up. An old decision, entered again, moves nothing: the newest entry says who serves.
    """
    kept = book.add_decision(decision)
    newest = book.decisions(decision.model, limit=1)[0]
    if newest.champion_after is not None:
        registry.set_champion(decision.model, newest.champion_after)
    return kept
