"""Bets on single days: the test against refreshing, and rule 1 for rivals, by which older decisions are replayed.

Each day gives one difference *d* of mean losses, incumbent minus rival, of two models fitted before that day was
scored. Several bettors, each with a stake of 1 at the start, bet on the rival. Each day multiplies a stake by 1 + b z,
where z is *d* in units of the root mean square of the differences known when the day was scored, clipped to [-c, c].
Each bettor has a fixed bet size b (BETS). Its clip limit c leaves it a twentieth of its stake on the worst day, and is
at most three (CUTS). If the rival is not better, E[z | what was known at scoring] <= 0, so no bet is favourable, and by
Ville's inequality the probability that the mean stake (the evidence) ever reaches 1/alpha is at most alpha, however
often it is checked. Several bet sizes avoid having to choose one (Waudby-Smith & Ramdas, "Estimating means of bounded
random variables by betting", JRSS B 86, 2024; Choe & Ramdas, "Comparing sequential forecasters", Operations
Research 72, 2024).

Clipping: the guarantee is about clipped differences. A rival whose clipped difference is at most 0 on average, at each
clip limit and whatever was known, is promoted with probability at most alpha. A rival that is better on most days and
much worse on a rare one is not penalised for losses beyond c: with large bets, which clip early, it could pass; with
small bets, which clip late, it hardly would. The guards check for such harm. docs/PROMOTION.md has figures on both.

Lag: if outcomes are known only `lag` scored days later, nearby days share outcomes that are not yet known. Days are
therefore assigned in turn to `lag` separate series of bets; in each series, the outcome of one bet is known before the
next (Arnold, Henzi & Ziegel, "Sequentially valid tests for forecast calibration", Annals of Applied Statistics 17,
2023). The evidence is the mean over all series. Stopping while bets are open would use their outcomes before they are
known. So once the evidence reaches the threshold, no new bets are made, and the test passes if the evidence is still
at the threshold when all open bets are settled. At that point the mean stake is that of a supermartingale, and Ville's
inequality holds.

Days without labels, with too few rows, without a rival, or with a rival that crashed give no difference and no bet: the
stakes do not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from contender.promoting.pairs import fingerprint_pairs
from contender.records import Evidence, PairedDay
from contender.specs import Race

Differences = NDArray[np.float64]

BETS = np.array([0.1, 0.2, 0.4, 0.8])
CUTS = np.minimum(3.0, 0.95 / BETS)
DAYS_BEFORE_BETTING = 3


def accumulate(
    differences: Differences, bar: float, lag: int = 1, *, restarting: bool = False
) -> Differences:
    """Return the evidence after each day. `differences`: (..., consecutive days), NaN for a day without one.

    `bar` is the threshold. A day without a difference does not change the evidence; this is valid as long as days are
    not left out because of their outcome. With `restarting`, every bettor may restart each day with a stake of 1, and
    the evidence is a CUSUM e-detector: without any change it takes at least `bar` bets on average to reach `bar`
    (Shin, Ramdas & Rinaldo, "E-detectors", New England Journal of Statistics in Data Science 2, 2023).
    """
    if not differences.size:
        return np.ones(differences.shape)
    many = differences.reshape(-1, differences.shape[-1])
    factors = _factors(many, lag)
    evidence = _mean_stake(factors, lag, restarting=restarting)
    if not restarting:
        reaching = np.flatnonzero((evidence >= bar).any(axis=-1))
        evidence[reaching] = _stop_at(bar, factors[reaching], evidence[reaching], lag)
    return evidence.reshape(differences.shape)


def units(differences: Differences, lag: int = 1) -> Differences:
    """Return the root mean square of the differences known when each day was scored; NaN while there are too few."""
    given = np.isfinite(differences)
    squares = np.cumsum(np.where(given, differences, 0.0) ** 2, axis=-1)
    known = np.cumsum(given, axis=-1)
    found = np.full(differences.shape, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        roots = np.where((known >= DAYS_BEFORE_BETTING) & (squares > 0), np.sqrt(squares / known), np.nan)
    found[..., lag:] = roots[..., : max(roots.shape[-1] - lag, 0)]
    return found


def _factors(differences: Differences, lag: int) -> Differences:
    """Return the factor by which each day changes each stake: (series, days, bettors); 1 without a bet."""
    gains = np.nan_to_num(differences / units(differences, lag), posinf=0.0, neginf=0.0)
    factors: Differences = 1.0 + BETS * np.clip(gains[..., None], -CUTS, CUTS)
    return factors


def _mean_stake(factors: Differences, lag: int, *, restarting: bool = False) -> Differences:
    """Return the mean of all stakes after each day: (series, days)."""
    series, days, bettors = factors.shape
    rounds = -(-days // lag)
    assigned = np.ones((series, rounds * lag, bettors))
    assigned[:, :days] = factors
    assigned = assigned.reshape(series, rounds, lag, bettors)
    if restarting:
        # The best day to restart is where the stake without restarts was lowest. Logarithms do not underflow.
        grown = np.cumsum(np.log(assigned), axis=1)
        before = np.concatenate([np.zeros_like(grown[:, :1]), grown[:, :-1]], axis=1)
        stakes = np.exp(grown - np.minimum.accumulate(before, axis=1))
    else:
        stakes = np.cumprod(assigned, axis=1)
    each = stakes.reshape(series, rounds * lag, bettors).mean(axis=-1)[:, :days]
    placed = np.concatenate([np.ones((series, lag - 1)), each], axis=1)
    evidence: Differences = sliding_window_view(placed, lag, axis=1).mean(axis=-1)
    return evidence


def _stop_at(bar: float, factors: Differences, evidence: Differences, lag: int) -> Differences:
    """Return the evidence if no bet is made on days before which it was known to have reached the threshold."""
    betting = np.ones(evidence.shape, dtype=bool)
    while True:
        allowed = np.ones_like(betting)
        allowed[:, lag:] = evidence[:, : max(evidence.shape[1] - lag, 0)] < bar
        if lag == 1:
            allowed = np.logical_and.accumulate(allowed, axis=1)
        # Correct up to the first day that differs; each iteration moves that day forward.
        if (allowed == betting).all():
            return evidence
        betting = allowed
        evidence = _mean_stake(np.where(betting[..., None], factors, 1.0), lag)


def settled(evidence: Differences, bar: float, lag: int = 1) -> NDArray[np.bool_]:
    """Return the days on which the evidence has been at the threshold for `lag` days, so that no bet is open."""
    reached = evidence >= bar
    found = reached.copy()
    for back in range(1, lag):
        shifted = np.zeros_like(reached)
        shifted[..., back:] = reached[..., :-back]
        found &= shifted
    return found


def evidence_by_days(
    pairs: Sequence[PairedDay], since: date, race: Race, lag: int, rivals: int = 1
) -> Evidence:
    """Return the evidence for one rival by rule 1, from its paired days since the test started, oldest first.

    With several rivals, each must reach `rivals` / alpha, so that the probability of any false promotion stays
    below alpha (Bonferroni).
    """
    bar = rivals / race.alpha
    differences = _by_calendar_day(pairs, since, race)
    evidence = accumulate(differences, bar, lag)
    value = float(evidence[-1]) if len(evidence) else 1.0
    won = bool(len(evidence)) and bool(settled(evidence, bar, lag)[-1])
    return _evidence(pairs, since, value, bar, _cuts(differences, lag), won=won)


def evidence_against_refreshing(pairs: Sequence[PairedDay], since: date, race: Race, lag: int) -> Evidence:
    """Return the evidence that the version that served some weeks ago, never refreshed, would be better."""
    bar = float(race.nights_between_false_stops)
    differences = _by_calendar_day(pairs, since, race)
    evidence = accumulate(differences, bar, lag, restarting=True)
    value = float(evidence[-1]) if len(evidence) else 1.0
    return _evidence(pairs, since, value, bar, _cuts(differences, lag), won=value >= bar)


def trace_days(evidence: Evidence, pairs: Sequence[PairedDay], race: Race, lag: int) -> Differences:
    """Return the evidence after each calendar day since `evidence.since`, from the days that it was computed from."""
    differences = _by_calendar_day(pairs, evidence.since, race)
    return accumulate(differences, evidence.bar, lag, restarting=evidence.question == "still")


def _by_calendar_day(pairs: Sequence[PairedDay], since: date, race: Race) -> Differences:
    """Return one difference per calendar day from `since` on; NaN for days without one or with too few rows."""
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
