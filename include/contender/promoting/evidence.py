"""Compute the evidence from paired days: for each rival, and against refreshing."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import pi

from contender.promoting.daily_bets import evidence_against_refreshing, evidence_by_days, trace_days
from contender.promoting.race import RULE, evidence_for_rival, trace_blocks
from contender.promoting.strategies import measure_strategies
from contender.records import Evidence, PairedDay, Question, Standing
from contender.specs import Days, ModelSpec, Race


def race_begins(model: ModelSpec, standing: Standing) -> date:
    """Return the first day of the current sequential tests: the first that was scored after they started."""
    return model.scored_days(Days.one(standing.since)).first


def family_begins(model: ModelSpec, standing: Standing) -> date:
    """Return the first day of the first test since the champion's recipe last changed."""
    return model.scored_days(Days.one(min((*standing.earlier, standing.since)))).first


def compute_evidence(
    model: ModelSpec, standing: Standing, incumbent: str, pairs: Sequence[PairedDay]
) -> tuple[Evidence, ...]:
    """Return the evidence for all questions. `pairs` is ordered by day for each question.

    Pairs of days before the current tests started, or with another incumbent, only count as entries of rivals.
    """
    since = race_begins(model, standing)
    # On a night without a fit of its recipe, the champion itself is the incumbent, and its recipe looks like a rival.
    entering = [pair for pair in pairs if pair.rival != incumbent or pair.day < since]
    found = _for_rivals(model, standing, entering, _by_rival(pairs, "race", since, incumbent))
    if standing.suspended is None:
        later = since + timedelta(days=model.race.still_days)
        found += [
            evidence_against_refreshing(days, later, model.race, model.outcome_lag)
            for days in _by_rival(pairs, "still", later, incumbent)
        ]
    return (*found, *measure_strategies(model, standing, pairs))


def _for_rivals(
    model: ModelSpec, standing: Standing, pairs: Sequence[PairedDay], by_rival: Sequence[Sequence[PairedDay]]
) -> list[Evidence]:
    since, race, lag = race_begins(model, standing), model.race, model.outcome_lag
    if standing.rule < RULE:
        # While refreshes are suspended, the champion's own recipe is a rival, too.
        rivals = max(1, len(model.recipes) - (0 if standing.suspended else 1))
        return [evidence_by_days(days, since, race, lag, rivals) for days in by_rival]
    starts = [model.scored_days(Days.one(night)).first for night in (*standing.earlier, standing.since)]
    places, together = order_of_entry(pairs, starts)
    found = []
    for days in by_rival:
        place = places[days[0].rival]
        bar = threshold(race.alpha, place, together[place])
        evidence = evidence_for_rival(days, since, race, lag, bar)
        found.append(evidence.model_copy(update={"place": place}))
    return found


def threshold(alpha: float, place: int, together: int) -> float:
    """Return the threshold of the rivals that entered as the nth, if so many entered together.

    Entry n may spend 6 / (pi n)^2 of alpha: over any number of entries, these shares add up to at most 1.
    """
    return together * (pi * place) ** 2 / (6 * alpha)


def order_of_entry(
    pairs: Sequence[PairedDay], starts: Sequence[date]
) -> tuple[Mapping[str, int], Mapping[int, int]]:
    """Return the place of each rival of the newest test, and how many rivals entered at each place.

    `starts` are the first days of the tests since the champion's recipe last changed, oldest first. A rival enters a
    test on its first paired day in it; rivals that enter on the same day have the same place. Rivals that have been
    withdrawn or edited since keep theirs.
    """
    entered: dict[tuple[int, str], date] = {}
    for pair in pairs:
        test = bisect_right(starts, pair.day) - 1
        if pair.question == "race" and test >= 0:
            entered[test, pair.rival] = min(pair.day, entered.get((test, pair.rival), pair.day))
    days = {key: (key[0], day) for key, day in entered.items()}
    places = {day: place for place, day in enumerate(sorted(set(days.values())), start=1)}
    newest = len(starts) - 1
    own = {rival: places[day] for (test, rival), day in days.items() if test == newest}
    return own, Counter(places[day] for day in days.values())


def trace(
    evidence: Evidence, pairs: Sequence[PairedDay], race: Race, lag: int
) -> tuple[tuple[date, float], ...]:
    """Return the evidence after each of its days, oldest first, as (day, value), by the rule that it was computed by.

    The last value is `evidence.value`. Pairs that were added later, or belong to another test, are ignored.
    """
    about = (evidence.question, evidence.rival, evidence.incumbent)
    own = [p for p in pairs if (p.question, p.rival, p.incumbent) == about and p.day >= evidence.since]
    own = own[: evidence.days]
    if not own:
        return ()
    by_blocks = evidence.question == "race" and evidence.rule == RULE
    grown = (trace_blocks if by_blocks else trace_days)(evidence, own, race, lag)
    first = own[0].day if by_blocks else evidence.since
    return tuple((first + timedelta(days=n), float(value)) for n, value in enumerate(grown))


def _by_rival(
    pairs: Sequence[PairedDay], question: Question, since: date, incumbent: str
) -> list[list[PairedDay]]:
    grouped: dict[str, list[PairedDay]] = defaultdict(list)
    for pair in pairs:
        if pair.question == question and pair.incumbent == incumbent and pair.day >= since:
            grouped[pair.rival].append(pair)
    return list(grouped.values())
