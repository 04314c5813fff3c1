"""Sequential test for a rival of the champion's recipe, by betting on sums of paired days.

Each day gives one difference *d* of mean losses, incumbent minus rival, of two models fitted before that day was
scored. Consecutive days form a block. Before the first day of a block is scored, each bettor risks a share of its purse
on the rival; when all outcomes of the block are known, the bet gains or loses that amount x z / c, where z is the
block's sum in units of the root mean square of the sums known when the bet was made, clipped to [-c, c]. Purses start
at 1, and the evidence is their mean. If the rival is not better, E[z | what was known] <= 0, so no bet is favourable,
and by Ville's inequality the probability that the evidence ever reaches 1/alpha is at most alpha (Waudby-Smith &
Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86, 2024; Choe & Ramdas, "Comparing sequential
forecasters", Operations Research 72, 2024).

Sums instead of single days: the inequality is about clipped differences. A rival that is a little better on most days
and ruinous on a few is better once clipped. In a sum, a ruinous day falls together with usual ones and costs the bet
more than they gained; correlation between neighbouring days is inside the sums as well. docs/PROMOTION.md has figures.

Lag: if outcomes are known only `lag` scored days later, several bets are open at once. All are paid from one purse: a
bet takes its part of what would be left if every open bet were lost. A stake depends only on bets that were settled
when it was made, and on no outcome that it shares with an open one (compare Arnold, Henzi & Ziegel, "Sequentially valid
tests for forecast calibration", Annals of Applied Statistics 17, 2023). Stopping while bets are open would use their
outcomes before they are known: while the evidence is at the threshold and bets are open, no bet is made, and the test
passes if it is still there when all are settled. Betting then goes on, and the test remains passed only as long as
every newly settled bet leaves the evidence at the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from contender.promoting.pairs import fingerprint_pairs
from contender.records import Evidence, Interval, PairedDay
from contender.specs import Race

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RULE = 2
CUTS = np.array([3.0, 2.0])  # of bets of which one is open at once
MOST_AT_RISK = 0.95  # share of a purse that all its open bets together can lose
BLOCKS_BEFORE_BETTING = 2
SHORTEST_BLOCK = 5
CONFIDENCE = 0.95
RESAMPLES, RESAMPLED_NIGHTS, RESAMPLED_DAYS = 400, 365, 10


class Blocks(NamedTuple):
    """Consecutive blocks of days: the first and last day of each, in days since the first paired day."""

    starts: Ints
    ends: Ints


class Evolution(NamedTuple):
    """Evidence, and whether the test is passed, after each block has been settled: (..., blocks)."""

    evidence: Floats
    passed: NDArray[np.bool_]
    unit: Floats  # of the newest block, NaN before the first bet: (...)


class _Purses(NamedTuple):
    after: Floats  # (runs, blocks + 1, bettors): the purses when the first n blocks are settled
    placed: NDArray[np.bool_]  # (runs, blocks): whether there was a bet
    unit: Floats


def block_days(lag: int) -> int:
    """Return the least number of days of a block: more for late outcomes, so that at most three bets are open."""
    return max(SHORTEST_BLOCK, (lag + 5) // 2)


def open_at_once(lag: int) -> int:
    """Return how many bets are open at once, with a new one."""
    return -(-(block_days(lag) - 1 + lag) // block_days(lag))


def clip_limits(lag: int) -> Floats:
    """Return the clip limit of each bettor: the more bets are open at once, the lower, so that each can be large."""
    limits: Floats = CUTS / np.sqrt(open_at_once(lag))
    return limits


def form_blocks(rows: Sequence[int] | Ints, lag: int, min_rows: int) -> Blocks:
    """Return the complete blocks of consecutive days with so many rows each.

    A block is extended until its days have `min_rows` rows together.
    """
    starts, ends = [], []
    start, found = 0, 0
    for day, count in enumerate(rows):
        found += count
        if day - start + 1 >= block_days(lag) and found >= min_rows:
            starts.append(start)
            ends.append(day)
            start, found = day + 1, 0
    return Blocks(np.array(starts, np.int64), np.array(ends, np.int64))


def sum_blocks(differences: Floats, blocks: Blocks) -> Floats:
    """Return the sum of the differences of each block. `differences`: (..., days)."""
    grown = np.concatenate([np.zeros((*differences.shape[:-1], 1)), np.cumsum(differences, axis=-1)], axis=-1)
    sums: Floats = grown[..., blocks.ends + 1] - grown[..., blocks.starts]
    return sums


def bet_on_blocks(sums: Floats, blocks: Blocks, bar: float, lag: int = 1) -> Evolution:
    """Bet on each block, and return how the evidence evolves. `sums`: (..., blocks); `bar` is the threshold."""
    many = np.atleast_2d(sums)
    every = _with_begun(blocks, lag)
    purses = _bet(many, every, bar, lag)
    evidence = purses.after[:, 1 : many.shape[1] + 1].mean(axis=-1)
    passed = np.zeros(evidence.shape, dtype=bool)
    now = np.zeros(len(many), dtype=bool)
    for block in range(many.shape[1]):
        begun = np.searchsorted(every.starts, every.ends[block] + lag)
        open_bets = purses.placed[:, block + 1 : begun].any(axis=1)
        now = (evidence[:, block] >= bar) & (now | ~open_bets)
        passed[:, block] = now
    return Evolution(
        evidence.reshape(sums.shape), passed.reshape(sums.shape), purses.unit.reshape(sums.shape[:-1])
    )


def _with_begun(blocks: Blocks, lag: int) -> Blocks:
    """Return the blocks, and those that have begun when the last one is settled."""
    length = block_days(lag)
    first = int(blocks.ends[-1]) + 1 if len(blocks.ends) else 0
    starts = np.arange(first, first + lag - 1, length)
    return Blocks(np.append(blocks.starts, starts), np.append(blocks.ends, starts + length - 1))


def _bet(sums: Floats, blocks: Blocks, bar: float, lag: int) -> _Purses:
    """Make all bets, those on blocks without a sum (which have only begun) without a gain."""
    count = len(blocks.starts)
    settled_at = np.searchsorted(blocks.ends + lag, blocks.starts, side="right")
    limits = clip_limits(lag)
    after = np.ones((len(sums), count + 1, len(limits)))
    at_risk = np.zeros((len(sums), count, len(limits)))
    placed = np.zeros((len(sums), count), dtype=bool)
    squares = np.cumsum(sums**2, axis=1)
    unit = np.full(len(sums), np.nan)
    for block, settled in enumerate(settled_at):
        after[:, block + 1] = after[:, block]
        if settled < BLOCKS_BEFORE_BETTING:
            continue
        unit = np.sqrt(squares[:, settled - 1] / settled)
        purse, open_bets = after[:, settled], placed[:, settled:block].any(axis=1)
        placed[:, block] = ~((purse.mean(axis=1) >= bar) & open_bets)
        left = np.maximum(purse - at_risk[:, settled:block].sum(axis=1), 0.0)
        at_risk[:, block] = MOST_AT_RISK * np.minimum(purse / open_at_once(lag), left)
        at_risk[:, block] *= placed[:, block, None]
        if block < sums.shape[1]:
            with np.errstate(invalid="ignore", divide="ignore"):
                gains = np.nan_to_num(sums[:, block] / unit, posinf=0.0, neginf=0.0)
            after[:, block + 1] += at_risk[:, block] * np.clip(gains[:, None] / limits, -1, 1)
    return _Purses(after, placed, unit)


def evidence_for_rival(pairs: Sequence[PairedDay], since: date, race: Race, lag: int, bar: float) -> Evidence:
    """Return the evidence for one rival from its paired days since the test started, oldest first; at least one."""
    differences, rows = _by_calendar_day(pairs, race)
    blocks = form_blocks(rows, lag, race.min_rows)
    evolved = bet_on_blocks(sum_blocks(differences, blocks), blocks, bar, lag)
    passed = bool(len(blocks.ends)) and bool(evolved.passed[-1])
    weights = np.minimum(rows, race.min_rows) / race.min_rows
    mean, interval = mean_difference(differences, weights, blocks)
    pairs_print = fingerprint_pairs(pairs)
    return Evidence(
        question=pairs[0].question,
        incumbent=pairs[0].incumbent,
        rival=pairs[0].rival,
        value=float(evolved.evidence[-1]) if len(blocks.ends) else 1.0,
        bar=bar,
        days=len(pairs),
        since=since,
        enough=passed,
        cuts=tuple(float(cut * evolved.unit) for cut in clip_limits(lag))
        if np.isfinite(evolved.unit)
        else (),
        until=pairs[-1].day,
        pairs=pairs_print,
        rule=RULE,
        mean=mean,
        mean_interval=interval,
        false_share=share_of_false_passes(differences, bar, lag, pairs_print) if passed else None,
    )


def trace_blocks(evidence: Evidence, pairs: Sequence[PairedDay], race: Race, lag: int) -> Floats:
    """Return the evidence after each calendar day since the first of these pairs: that of the last settled block."""
    differences, rows = _by_calendar_day(pairs, race)
    blocks = form_blocks(rows, lag, race.min_rows)
    evolved = bet_on_blocks(sum_blocks(differences, blocks), blocks, evidence.bar, lag)
    settled = np.searchsorted(blocks.ends, np.arange(len(differences)), side="right")
    return np.append(1.0, evolved.evidence)[settled]


def mean_difference(differences: Floats, weights: Floats, blocks: Blocks) -> tuple[float, Interval | None]:
    """Return the weighted mean of the differences, not clipped, and its interval; None with fewer than two blocks.

    `differences` are weighted already. The variance is that of a ratio of sums over blocks (Cochran, "Sampling
    Techniques", 3rd ed., section 6.5), with Student's t and one degree of freedom fewer than there are blocks.
    """
    mean = float(differences.sum() / weights.sum())
    count = len(blocks.ends)
    if count < 2:
        return mean, None
    residuals = sum_blocks(differences - mean * weights, blocks)
    error = np.sqrt((residuals**2).sum() * count / (count - 1)) / sum_blocks(weights, blocks).sum()
    reach = float(student.ppf(0.5 + CONFIDENCE / 2, count - 1) * error)
    return mean, Interval(low=mean - reach, high=mean + reach)


def share_of_false_passes(differences: Floats, bar: float, lag: int, seed: str) -> float:
    """Return the share of resampled years without a difference in which the test passes.

    The differences are shifted to mean 0 and drawn in runs of days (circular block bootstrap), so that their skewness,
    tails and correlation remain. What has not happened yet, such as a first ruinous day, is not in them.
    """
    days = np.arange(RESAMPLED_NIGHTS)
    length = max(RESAMPLED_DAYS, lag)
    random = np.random.default_rng(int(sha256(seed.encode()).hexdigest()[:16], 16))
    first = random.integers(0, len(differences), (RESAMPLES, -(-RESAMPLED_NIGHTS // length)))
    drawn = (first[:, days // length] + days % length) % len(differences)
    years = (differences - differences.mean())[drawn]
    blocks = form_blocks([1] * RESAMPLED_NIGHTS, lag, 1)
    passed = bet_on_blocks(sum_blocks(years, blocks), blocks, bar, lag).passed
    return float(passed.any(axis=-1).mean())


def _by_calendar_day(pairs: Sequence[PairedDay], race: Race) -> tuple[Floats, Ints]:
    """Return the difference and the rows of each calendar day from the first pair on; 0 for days without a pair.

    A day with fewer than `min_rows` rows counts in proportion.
    """
    first = pairs[0].day
    days = (pairs[-1].day - first).days + 1
    differences, rows = np.zeros(days), np.zeros(days, np.int64)
    for pair in pairs:
        day = (pair.day - first).days
        rows[day] = pair.rows
        differences[day] = pair.difference * min(pair.rows, race.min_rows) / race.min_rows
    return differences, rows
