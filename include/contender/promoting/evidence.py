"""Compute the evidence from paired days: for each rival, and against refreshing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from contender.promoting.race import evidence_against_refreshing, evidence_for_rival
from contender.records import Evidence, PairedDay, Question, Standing
from contender.specs import Days, ModelSpec


def race_begins(model: ModelSpec, standing: Standing) -> date:
    """Return the first day of the current sequential tests: the first that was scored after they started."""
    return model.scored_days(Days.one(standing.since)).first


def compute_evidence(
    model: ModelSpec, standing: Standing, incumbent: str, pairs: Sequence[PairedDay]
) -> tuple[Evidence, ...]:
    """Return the evidence for both questions. `pairs` is ordered by day; days before the tests started are ignored."""
    since = race_begins(model, standing)
    # While refreshes are suspended, the champion's own recipe is a rival, too.
    rivals = max(1, len(model.recipes) - (0 if standing.suspended else 1))
    found = [
        evidence_for_rival(days, since, model.race, model.outcome_lag, rivals)
        for days in _by_rival(pairs, "race", since, incumbent)
    ]
    if standing.suspended is None:
        later = since + timedelta(days=model.race.still_days)
        found += [
            evidence_against_refreshing(days, later, model.race, model.outcome_lag)
            for days in _by_rival(pairs, "still", later, incumbent)
        ]
    return tuple(found)


def _by_rival(
    pairs: Sequence[PairedDay], question: Question, since: date, incumbent: str
) -> list[list[PairedDay]]:
    grouped: dict[str, list[PairedDay]] = defaultdict(list)
    for pair in pairs:
        if pair.question == question and pair.incumbent == incumbent and pair.day >= since:
            grouped[pair.rival].append(pair)
    return list(grouped.values())
