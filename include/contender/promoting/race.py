"""Evidence by betting on paired days: for a rival of the champion's recipe, and against going on refreshing.

Every day gives one difference *d* of mean losses, incumbent minus rival, of two models fitted before that day was
scored. Gamblers who start with 1 each bet on the rival. In a night, a gambler's stake is multiplied by 1 + b z, where
z is *d* in units of the root mean square of the differences known when the day was scored, cut to [-c, c]. A gambler
keeps to his own b, from timid to bold (BETS), and c is what he can bear: it leaves him a twentieth of his stake after
the worst of days, and is never more than three (CUTS). If the rival is no better, E[z | what was known at scoring]
<= 0, every bet is fair or worse, and by Ville's inequality the mean of the stakes, which is the evidence, ever reaches
1/alpha with probability at most alpha, however often one looks. With several b none has to be guessed (Waudby-Smith &
Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86, 2024; Choe & Ramdas, "Comparing
sequential forecasters", Operations Research 72, 2024).

What the cut means: the promise is about cut differences. It is that a rival whose cut difference is 0 or less on
average, at each of the cuts, whatever was known, is promoted with probability alpha at most. A rival that is better on
most days and ruinous on a rare one is not held back by its ruin beyond c: the bold, who cut soon, would let it in; the
timid, who cut late, hardly would. The guards look at ruin. docs/PROMOTION.md has figures of both.

Where outcomes are known only `lag` scored days later, days nearer to each other share what is not yet known. They
are dealt to `lag` tables in turn, at each of which the outcome of the last bet is known before the next (Arnold, Henzi
& Ziegel, "Sequentially valid tests for forecast calibration", Annals of Applied Statistics 17, 2023), and the mean of
all stakes is the evidence. To stop on a stake whose bets are still open would be to peek at them; so once the
evidence stands at the bar, no new bets are made, and it counts when those that were open are settled and it still
stands there. At such a moment the mean of the stakes is that of a supermartingale, and Ville's inequality holds.

Days without labels, with too few rows, without a rival or with one that crashed give no difference and no bet: the
stakes stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from contender.records import Evidence, PairedDay, identify
from contender.specs import Race

Differences = NDArray[np.float64]

BETS = np.array([0.1, 0.2, 0.4, 0.8])
CUTS = np.minimum(3.0, 0.95 / BETS)
DAYS_BEFORE_BETTING = 3


def accumulate(
    differences: Differences, bar: float, lag: int = 1, *, restarting: bool = False
) -> Differences:
    """The evidence after each day, of the same shape as `differences`: (..., days in a row), NaN where a day gave none.

    A day without a difference leaves the evidence as it is; that is fair as long as nobody who knew the day's outcome
    chose to leave it out. With `restarting`, every gambler may begin anew each day with 1 and the evidence is a CUSUM
    e-detector: without any change it takes `bar` bets on average, or longer, to reach `bar` (Shin, Ramdas & Rinaldo,
    "E-detectors", New England Journal of Statistics in Data Science 2, 2023).
    """
    if not differences.size:
        return np.ones(differences.shape)
    many = differences.reshape(-1, differences.shape[-1])
    factors = _factors(many, lag)
    evidence = _hold(factors, lag, restarting=restarting)
    if not restarting:
        reaching = np.flatnonzero((evidence >= bar).any(axis=-1))
        evidence[reaching] = _stop_at(bar, factors[reaching], evidence[reaching], lag)
    return evidence.reshape(differences.shape)


def units(differences: Differences, lag: int = 1) -> Differences:
    """The root mean square of what was known when each day was scored, same shape; NaN before there is enough."""
    given = np.isfinite(differences)
    squares = np.cumsum(np.where(given, differences, 0.0) ** 2, axis=-1)
    known = np.cumsum(given, axis=-1)
    found = np.full(differences.shape, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        roots = np.where((known >= DAYS_BEFORE_BETTING) & (squares > 0), np.sqrt(squares / known), np.nan)
    found[..., lag:] = roots[..., : max(roots.shape[-1] - lag, 0)]
    return found


def _factors(differences: Differences, lag: int) -> Differences:
    """What each day does to each gambler's stake, (series, days, gamblers); 1 where nobody bets."""
    gains = np.nan_to_num(differences / units(differences, lag), posinf=0.0, neginf=0.0)
    factors: Differences = 1.0 + BETS * np.clip(gains[..., None], -CUTS, CUTS)
    return factors


def _hold(factors: Differences, lag: int, *, restarting: bool = False) -> Differences:
    """The mean of all stakes after each day, (series, days)."""
    series, days, gamblers = factors.shape
    rounds = -(-days // lag)
    dealt = np.ones((series, rounds * lag, gamblers))
    dealt[:, :days] = factors
    dealt = dealt.reshape(series, rounds, lag, gamblers)
    if restarting:
        # The best day to have begun is where the stake of one who never restarted was lowest; logs do not underflow.
        grown = np.cumsum(np.log(dealt), axis=1)
        before = np.concatenate([np.zeros_like(grown[:, :1]), grown[:, :-1]], axis=1)
        stakes = np.exp(grown - np.minimum.accumulate(before, axis=1))
    else:
        stakes = np.cumprod(dealt, axis=1)
    each = stakes.reshape(series, rounds * lag, gamblers).mean(axis=-1)[:, :days]
    placed = np.concatenate([np.ones((series, lag - 1)), each], axis=1)
    evidence: Differences = sliding_window_view(placed, lag, axis=1).mean(axis=-1)
    return evidence


def _stop_at(bar: float, factors: Differences, evidence: Differences, lag: int) -> Differences:
    """The evidence when no bet is made on a day before which it was known to stand at the bar."""
    betting = np.ones(evidence.shape, dtype=bool)
    while True:
        allowed = np.ones_like(betting)
        allowed[:, lag:] = evidence[:, : max(evidence.shape[1] - lag, 0)] < bar
        if lag == 1:
            allowed = np.logical_and.accumulate(allowed, axis=1)
        # Right up to the first day that differs, and each round moves that day on.
        if (allowed == betting).all():
            return evidence
        betting = allowed
        evidence = _hold(np.where(betting[..., None], factors, 1.0), lag)


def settled(evidence: Differences, bar: float, lag: int = 1) -> NDArray[np.bool_]:
    """On which days the evidence stands at the bar with no bet open: for `lag` days in a row, (..., days) as given."""
    at_bar = evidence >= bar
    held = at_bar.copy()
    for back in range(1, lag):
        shifted = np.zeros_like(at_bar)
        shifted[..., back:] = at_bar[..., :-back]
        held &= shifted
    return held


def evidence_for_rival(
    pairs: Sequence[PairedDay], since: date, race: Race, lag: int, rivals: int = 1
) -> Evidence:
    """The evidence for one rival from its paired days since the race began, oldest first.

    With several rivals in the race each must reach `rivals` / alpha, so that the chance of any false
    promotion stays below alpha (Bonferroni).
    """
    bar = rivals / race.alpha
    differences = _in_a_row(pairs, since, race)
    evidence = accumulate(differences, bar, lag)
    value = float(evidence[-1]) if len(evidence) else 1.0
    won = bool(len(evidence)) and bool(settled(evidence, bar, lag)[-1])
    return _evidence(pairs, since, value, bar, _cuts(differences, lag), won=won)


def evidence_against_refreshing(pairs: Sequence[PairedDay], since: date, race: Race, lag: int) -> Evidence:
    """The evidence against refreshing: that the version which served some weeks ago, kept still, would be better."""
    bar = float(race.nights_between_false_stops)
    differences = _in_a_row(pairs, since, race)
    evidence = accumulate(differences, bar, lag, restarting=True)
    value = float(evidence[-1]) if len(evidence) else 1.0
    return _evidence(pairs, since, value, bar, _cuts(differences, lag), won=value >= bar)


def trace(
    evidence: Evidence, pairs: Sequence[PairedDay], race: Race, lag: int
) -> tuple[tuple[date, float], ...]:
    """How an evidence grew by the paired days it was weighed from, oldest first: a day and a value each.

    The last value is the evidence's own. Pairs that came later, or bear on something else, are left out.
    """
    about = (evidence.question, evidence.rival, evidence.incumbent)
    own = [p for p in pairs if (p.question, p.rival, p.incumbent) == about and p.day >= evidence.since]
    differences = _in_a_row(own[: evidence.days], evidence.since, race)
    grown = accumulate(differences, evidence.bar, lag, restarting=evidence.question == "still")
    return tuple((evidence.since + timedelta(days=n), float(value)) for n, value in enumerate(grown))


def _in_a_row(pairs: Sequence[PairedDay], since: date, race: Race) -> Differences:
    """The differences by calendar day from `since` to the newest; NaN for days without, or with too few rows."""
    days = (pairs[-1].day - since).days + 1 if pairs else 0
    found = np.full(max(days, 0), np.nan)
    for pair in pairs:
        if pair.rows >= race.min_rows:
            found[(pair.day - since).days] = pair.difference
    return found


def _cuts(differences: Differences, lag: int) -> tuple[float, ...]:
    unit = units(differences, lag)[-1] if len(differences) else np.nan
    return tuple(float(cut * unit) for cut in CUTS) if np.isfinite(unit) else ()


def _evidence(
    pairs: Sequence[PairedDay], since: date, value: float, bar: float, cuts: tuple[float, ...], *, won: bool
) -> Evidence:
    return Evidence(
        question=pairs[0].question,
        incumbent=pairs[0].incumbent,
        rival=pairs[0].rival,
        value=value,
        bar=bar,
        days=len(pairs),
        since=since,
        enough=won,
        cuts=cuts,
        until=pairs[-1].day,
        pairs=fingerprint_pairs(pairs),
    )


def fingerprint_pairs(pairs: Sequence[PairedDay]) -> str:
    """A fingerprint of paired days: equal for equal days, versions, rows and losses."""
    said = (
        f"{p.day} {p.incumbent_version} {p.rival_version} {p.incumbent_loss!r} {p.rival_loss!r} {p.rows}"
        for p in pairs
    )
    return identify("pairs", *said)
