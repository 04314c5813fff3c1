"""Verify that everything that a book of record refers to exists."""

from __future__ import annotations

from contender.installation import Installation
from contender.lake import lost_pins
from contender.promoting import verify_ledger
from contender.records import Pin


def find_mistakes(here: Installation) -> tuple[str, ...]:
    """Return one line for each mistake: in a ledger, between ledger and registry, or a snapshot that is missing."""
    book = here.book
    models = book.ledger.models()
    ledgers = (
        f"{model}: {mistake}" for model in models for mistake in verify_ledger(model, book, here.registry)
    )
    pinned = book.evaluations.pinned_snapshots()
    pins = dict.fromkeys(Pin(table=found.table, snapshot=found.snapshot) for found in pinned)
    lost = lost_pins(here.lake, tuple(pins))
    return (
        *ledgers,
        *(
            f"snapshot {pin.snapshot} of {pin.table} is missing, and a version was fitted on it"
            for pin in lost
        ),
    )
