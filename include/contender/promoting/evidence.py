"""Weighs what the paired days of the book say of tonight's rivals, and of refreshing at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from contender.promoting.race import weigh_rival, weigh_stillness
from contender.promoting.standing import Standing
from contender.records import Book, Evidence, PairedDay
from contender.specs import Days, ModelSpec


def weigh(model: ModelSpec, standing: Standing, incumbent: str, book: Book) -> tuple[Evidence, ...]:
    """The evidence from the days since the race began; nothing without a pair."""
    since = model.scored_days(Days.one(standing.since)).first
    # While refreshes are suspended, the champion's own recipe is a rival as the others are.
    rivals = max(1, len(model.recipes) - (0 if standing.suspended else 1))
    found = [
        weigh_rival(pairs, since, model.race, model.outcome_lag, rivals)
        for pairs in _by_rival(book.paired_days(model.name, "race", since), incumbent)
    ]
    if standing.suspended is None:
        later = since + timedelta(days=model.race.still_days)
        found += [
            weigh_stillness(pairs, later, model.race, model.outcome_lag)
            for pairs in _by_rival(book.paired_days(model.name, "still", later), incumbent)
        ]
    return tuple(found)


def _by_rival(pairs: Sequence[PairedDay], incumbent: str) -> list[list[PairedDay]]:
    grouped: dict[str, list[PairedDay]] = defaultdict(list)
    for pair in pairs:
        if pair.incumbent == incumbent:
            grouped[pair.rival].append(pair)
    return list(grouped.values())
