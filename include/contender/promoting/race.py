"""Evidence by betting on paired days: for a rival of the champion's recipe, and against going on refreshing.

Every day gives one difference *d* of mean losses, incumbent minus rival, of two models fitted before that day was
scored. A gambler who starts with 1 bets on the rival: a day multiplies the stake by 1 + lambda x, where x is *d* cut
to [-c, c] and divided by c, 0 < lambda < 1, and c is three times the root mean square of the differences known when
the day was scored. If the rival is no better, E[x | what was known at scoring] <= 0, the bet is fair or worse, and by
Ville's inequality the stake ever reaches 1/alpha with probability at most alpha, however often one looks. The stake is
spread over several lambda and averaged, so none has to be guessed (Waudby-Smith & Ramdas, "Estimating means of
bounded random variables by betting", JRSS B 86, 2024; Choe & Ramdas, "Comparing sequential forecasters", Operations
Research 72, 2024).

What the cut means: the promise is about cut differences. A rival that is better on most days and ruinous on a rare one
is not held back by its ruin beyond c. The guards look at that.

Where outcomes are known only `lag` scored days later, days nearer to each other share what is not yet known. They
are dealt to `lag` gamblers in turn, each of whom knows the outcome of his last bet before the next (Arnold, Henzi &
Ziegel, "Sequentially valid tests for forecast calibration", Annals of Applied Statistics 17, 2023), and the mean of
their stakes is the evidence. To stop on a stake whose bets are still open would be to peek at them; so once the
evidence stands at the bar, no new bets are made, and it counts when those that were open are settled and it still
stands there. At such a moment the mean of the stakes is that of a supermartingale, and Ville's inequality holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from contender.records import Evidence, PairedDay
from contender.specs import Race

Differences = NDArray[np.float64]

BETS = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
CUT = 3.0
DAYS_BEFORE_BETTING = 5


def accumulate(
    differences: Differences, bar: float, lag: int = 1, *, restarting: bool = False
) -> Differences:
    """The evidence after each day, of the same shape as `differences`: (..., days in a row), NaN where a day gave none.

    A day without a difference leaves the evidence as it is; that is fair as long as nobody who knew the day's outcome
    chose to leave it out. With `restarting`, every gambler may begin anew each day with 1 and the evidence is a CUSUM
    e-detector: without any change it takes `bar` bets on average, or longer, to reach `bar` (Shin, Ramdas & Rinaldo,
    "E-detectors", New England Journal of Statistics in Data Science 2, 2023).
    """
    *many, days = differences.shape
    stakes = np.ones((lag, *many, len(BETS)))
    after = np.ones(differences.shape)
    squares, known = np.zeros(many), np.zeros(many)
    for day in range(days):
        if day >= lag:
            settled = differences[..., day - lag]
            squares += np.nan_to_num(settled) ** 2
            known += ~np.isnan(settled)
        cut = CUT * np.sqrt(squares / np.maximum(known, 1))
        betting = (known >= DAYS_BEFORE_BETTING) & (cut > 0)
        if day >= lag and not restarting:
            betting &= after[..., day - lag] < bar
        found = np.nan_to_num(differences[..., day])
        gain = np.where(betting, np.clip(found / np.where(cut > 0, cut, 1.0), -1.0, 1.0), 0.0)
        stake = stakes[day % lag]
        if restarting:
            stake = np.maximum(stake, 1.0)
        stakes[day % lag] = stake * (1.0 + gain[..., None] * BETS)
        after[..., day] = stakes.mean(axis=(0, -1))
    return after


def settled(evidence: Differences, bar: float, lag: int = 1) -> NDArray[np.bool_]:
    """On which days the evidence stands at the bar with no bet open: for `lag` days in a row, (..., days) as given."""
    at_bar = evidence >= bar
    held = at_bar.copy()
    for back in range(1, lag):
        shifted = np.zeros_like(at_bar)
        shifted[..., back:] = at_bar[..., :-back]
        held &= shifted
    return held


def weigh_rival(pairs: Sequence[PairedDay], since: date, race: Race, lag: int, rivals: int = 1) -> Evidence:
    """The evidence for one rival from its paired days since the race began, oldest first.

    With several rivals in the race each must reach `rivals` / alpha, so that the chance of any false
    promotion stays below alpha (Bonferroni).
    """
    bar = rivals / race.alpha
    differences = _in_a_row(pairs, since, race)
    evidence = accumulate(differences, bar, lag)
    value = float(evidence[-1]) if len(evidence) else 1.0
    won = bool(len(evidence)) and bool(settled(evidence, bar, lag)[-1])
    return _evidence(pairs, since, value, bar, won=won)


def weigh_stillness(pairs: Sequence[PairedDay], since: date, race: Race, lag: int) -> Evidence:
    """The evidence against refreshing: that the version which served some weeks ago, kept still, would be better."""
    bar = float(race.nights_between_false_stops)
    evidence = accumulate(_in_a_row(pairs, since, race), bar, lag, restarting=True)
    value = float(evidence[-1]) if len(evidence) else 1.0
    return _evidence(pairs, since, value, bar, won=value >= bar)


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


def _evidence(pairs: Sequence[PairedDay], since: date, value: float, bar: float, *, won: bool) -> Evidence:
    return Evidence(
        question=pairs[0].question,
        incumbent=pairs[0].incumbent,
        rival=pairs[0].rival,
        value=value,
        bar=bar,
        days=len(pairs),
        since=since,
        enough=won,
    )
