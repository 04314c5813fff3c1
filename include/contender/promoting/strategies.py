"""Strategies compete while a break is open: the best one on the newest days with outcomes serves.

A monitoring verdict opens the break. From then on, several versions score each day in shadow: the refresh, the version
that served before the break, and one of each strategy. Once the outcomes of a day are known, it is paired, with the
refresh as the incumbent. The strategy with the lowest mean loss on the newest days serves, but the serving one is only
left for one that is better by a standard error, and refreshes for one that is better by two: the rule follows the
leader of a sliding window, with hysteresis.

If the losses of two strategies differ by d on average, and their daily difference is sub-Gaussian with deviation s, the
worse one leads on n independent days with a probability of at most exp(-n d² / 2 s²) (Hoeffding). Choosing it costs at
most s / sqrt(e n) a day on average, whatever d is, and staying with it by the hysteresis s / sqrt(n), with refreshes
twice that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from statistics import fmean, stdev

from contender.promoting.pairs import fingerprint_pairs
from contender.records import (
    KEPT,
    Evidence,
    Monitored,
    PairedDay,
    Standing,
    TrainedVersion,
    name_strategy,
)
from contender.specs import Days, ModelSpec

DAYS_COMPARED = 10
FEWEST_DAYS = 3
# So that a break, or a false alarm, costs little beside serving every refresh.
ERRORS_TO_LEAVE_REFRESHES = 2.0
# Of the lead over the version from before the break that outweighs a failed behaviour test.
ERRORS_TO_PROVE = 2.0
DAYS_TO_CLOSE = 14
TOLERANCE = (
    0.02  # share of the lowest loss by which that of the refreshes may be higher when the break is closed
)


def find_break(past: Sequence[Monitored], acts_on: Collection[str], closed: date) -> date | None:
    """Return the first day after `closed` whose verdict began a break, or None.

    `past` holds the monitored days, oldest first, from a day before `closed` on. A verdict that lasts begins once.
    """
    before = False
    for one in past:
        opens = one.verdict in acts_on
        if opens and not before and one.day > closed:
            return one.day
        before = opens
    return None


def measure_strategies(
    model: ModelSpec, standing: Standing, pairs: Sequence[PairedDay]
) -> tuple[Evidence, ...]:
    """Return the losses of each strategy and of the refreshes on the newest paired days of the open break.

    A strategy without a score on one of these days is not measured. `pairs` is ordered by day.
    """
    if standing.broken is None:
        return ()
    first = model.scored_days(Days.one(standing.broken)).first
    own = [p for p in pairs if p.question == "recovery" and p.incumbent == standing.recipe and p.day >= first]
    days = sorted({pair.day for pair in own})
    by_strategy: dict[str, list[PairedDay]] = defaultdict(list)
    for pair in own:
        by_strategy[pair.rival].append(pair)
    newest = set(days[-DAYS_COMPARED:])
    return tuple(
        _measure(days, paired, first, model.outcome_lag)
        for paired in by_strategy.values()
        if len(days) >= FEWEST_DAYS and newest <= {pair.day for pair in paired}
    )


def _measure(days: Sequence[date], paired: Sequence[PairedDay], first: date, lag: int) -> Evidence:
    newest = [pair for pair in paired if pair.day in days[-DAYS_COMPARED:]]
    loss, refreshed = fmean(pair.rival_loss for pair in newest), fmean(pair.incumbent_loss for pair in newest)
    return Evidence(
        question="recovery",
        incumbent=paired[0].incumbent,
        rival=paired[0].rival,
        value=loss,
        bar=refreshed,
        days=len(days),
        since=first,
        enough=loss < refreshed,
        until=paired[-1].day,
        pairs=fingerprint_pairs(paired),
        daily=tuple((pair.incumbent_loss, pair.rival_loss) for pair in newest),
        lag=lag,
    )


def read_losses(measured: Sequence[Evidence]) -> Mapping[str, Sequence[float]]:
    """Return the losses on each compared day, by stream: of each strategy, and of the refreshes."""
    losses = {one.rival: [loss for _, loss in one.daily] for one in measured}
    return losses | {str(one.incumbent): [loss for loss, _ in one.daily] for one in measured[:1]}


def choose_strategy(losses: Mapping[str, Sequence[float]], serving: str, refreshes: str, lag: int = 1) -> str:
    """Return the strategy to serve: the leader, or the serving one unless the leader is better by a standard error.

    The stream `refreshes` is only left for a leader that is better by two. `losses` has the losses of at least one
    strategy on each day of the same days. Outcomes that are known `lag` nights after a day was scored may share most of
    what happened in these nights, so `lag` days count as one.
    """
    leader = min(losses, key=lambda name: (fmean(losses[name]), name))
    if serving not in losses:
        return leader
    ahead, error = measure_lead(losses[leader], losses[serving], lag)
    margin = ERRORS_TO_LEAVE_REFRESHES if serving == refreshes else 1.0
    return leader if ahead > margin * error else serving


def measure_lead(ours: Sequence[float], theirs: Sequence[float], lag: int) -> tuple[float, float]:
    """Return by how much our mean loss is lower than theirs on the same days, and the standard error of that."""
    ahead = [other - own for other, own in zip(theirs, ours, strict=True)]
    independent = max(len(ahead) / lag, 1.0)
    return fmean(ahead), stdev(ahead) / independent**0.5 if len(ahead) > 1 else 0.0


def prove_better(losses: Mapping[str, Sequence[float]], stream: str, lag: int) -> str | None:
    """Return the evidence that a stream has adapted to the new world, or None.

    Its loss must be lower than that of the version from before the break, on the same later days, by two standard
    errors. No stream was trained on these days.
    """
    if stream == KEPT or KEPT not in losses or stream not in losses:
        return None
    ahead, error = measure_lead(losses[stream], losses[KEPT], lag)
    if ahead <= ERRORS_TO_PROVE * error:
        return None
    return (
        f"inputs and outcomes changed together, and on {len(losses[stream])} later days its loss was lower than "
        f"that of the version from before the break, by {ahead:.4f} (standard error {error:.4f})"
    )


def is_over(measured: Sequence[Evidence]) -> bool:
    """Return whether two weeks of the break are measured, and refreshes are about as good as the best strategy.

    They must be so in both halves of the compared days: as a crash fades, losses cross and have equal means by chance.
    """
    best = min(measured, key=lambda one: one.value, default=None)
    if best is None or best.days < DAYS_TO_CLOSE:
        return False
    half = len(best.daily) // 2
    return all(_is_as_good(days) for days in (best.daily[:half], best.daily[half:]))


def _is_as_good(daily: Sequence[tuple[float, float]]) -> bool:
    refreshed, lowest = (fmean(losses) for losses in zip(*daily, strict=True))
    return refreshed - lowest <= TOLERANCE * abs(lowest)


def name_stream(version: TrainedVersion, standing: Standing) -> str:
    """Return the stream that a version belongs to in a break."""
    if version.version == standing.kept:
        return KEPT
    return name_strategy(version.recipe) if version.strategy else version.recipe_fingerprint
