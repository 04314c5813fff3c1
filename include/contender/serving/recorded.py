"""What the book records of a model's versions: which one replaced which, and the newest one of each recipe."""

from __future__ import annotations

from collections.abc import Iterator

from contender.records import CHANGING, Book, TrainedVersion
from contender.serving.canaries import Change, read_change
from contender.specs import ModelSpec


def read_changes(book: Book, model: str) -> Iterator[Change]:
    """Yield the changes of the champion, newest first. Each is a query, so that only those needed are read."""
    entry = book.ledger.last_of(model, CHANGING)
    while entry is not None:
        if (change := read_change(entry)) is not None:
            yield change
        entry = book.ledger.last_of(model, CHANGING, before=entry.number)


def find_challengers(model: ModelSpec, book: Book) -> tuple[TrainedVersion, ...]:
    """Return the newest evaluated version of each recipe that is fitted every night, as shadow scoring uses them."""
    names = {recipe.name for recipe in model.recipes}
    newest = (evaluation.challenger for evaluation in book.evaluations.newest_of_recipes(model.name))
    return tuple(version for version in newest if version.recipe in names)
