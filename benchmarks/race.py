"""Measure the sequential test of rivals: false promotions in a year by kind of difference, and days to promote.

python -m benchmarks.race            writes benchmarks/results/race.json and docs/PROMOTION.md
python -m benchmarks.race --runs 200 a smaller run, printed and not stored

Rule 1 is that of version 0.1 (bets on single days, threshold 1/alpha), rule 2 is the test that decides now. All draws
are seeded. A rival enters on the first night; it may be promoted on each of 365 nights.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.keeping import keep_rows, put_into
from benchmarks.promotion.bets import Floats
from benchmarks.promotion.page import PAGE
from benchmarks.promotion.rows import count
from benchmarks.promotion.rules import ALPHA, DAILY_BAR, bets_on_days, evidence_by_night, race
from contender.promoting.daily_bets import accumulate, settled
from contender.promoting.evidence import threshold
from contender.promoting.race import bet_on_blocks, form_blocks, sum_blocks
from contender.settings import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "race.json"
BEGIN, END = "<!-- race: made by `make bench-race` -->", "<!-- end of race -->"
NIGHTS, RUNS, SEED = 365, 2000, 1
RULES = {"rule 1": bets_on_days, "rule 2": race}
EFFECTS = (0.1, 0.15, 0.2, 0.3, 0.5)
EDITED_EVERY = (30, 60, 90)
RIVALS = (2, 4, 8)
WON = 120

Row = dict[str, Any]
Draw = Callable[[np.random.Generator, int, int], Floats]


def gaussian(random: np.random.Generator, runs: int, nights: int) -> Floats:
    """Return independent normal differences."""
    return random.normal(0, 1, (runs, nights))


def heavy(degrees: float) -> Draw:
    """Return symmetric differences with heavy tails."""
    return lambda random, runs, nights: random.standard_t(degrees, (runs, nights))


def exponential(random: np.random.Generator, runs: int, nights: int) -> Floats:
    """Return 1 - Exp(1)."""
    return 1 - random.exponential(1, (runs, nights))


def lognormal(spread: float) -> Draw:
    """Return differences whose losses are lognormal: the rival gains a little on most days."""
    return lambda random, runs, nights: np.exp(spread**2 / 2) - random.lognormal(0, spread, (runs, nights))


def ruined(share: float, mean: float = 0.0) -> Draw:
    """Return a usual win of about 1, and ruin on a share of days, with this mean overall."""

    def draw(random: np.random.Generator, runs: int, nights: int) -> Floats:
        ruin = (mean - (1 - share)) / share
        usual = random.random((runs, nights)) >= share
        return np.where(usual, 1.0, ruin) + random.normal(0, 0.5, (runs, nights))

    return draw


def storms(random: np.random.Generator, runs: int, nights: int) -> Floats:
    """Return usual days with mean +0.2, and storms on 2 % of days with mean -9.8."""
    found: Floats = random.normal(0.2, 1, (runs, nights)) - 10 * (random.random((runs, nights)) < 0.02)
    return found


def jumps(random: np.random.Generator, runs: int, nights: int) -> Floats:
    """Return normal differences whose variance grows 100 times halfway."""
    found: Floats = random.normal(0, 1, (runs, nights)) * np.where(np.arange(nights) < nights // 2, 1.0, 10.0)
    return found


def weekdays(random: np.random.Generator, runs: int, nights: int) -> Floats:
    """Return differences that depend on the weekday, with mean 0 over a week."""
    found: Floats = random.normal(0, 1, (runs, nights)) + np.resize([1, 0.5, 0, 0, 0, -0.5, -1], nights)
    return found


def alternating(random: np.random.Generator, runs: int, nights: int) -> Floats:
    """Return differences of two recipes that take turns leading by 0.3 for 28 days, in random order of the first."""
    lead = np.where((np.arange(nights) + random.integers(0, 56, (runs, 1))) // 28 % 2, 0.3, -0.3)
    return random.normal(0, 1, (runs, nights)) + lead


def autocorrelated(share: float) -> Draw:
    """Return an autoregressive series of order 1."""

    def draw(random: np.random.Generator, runs: int, nights: int) -> Floats:
        found = random.normal(0, 1, (runs, nights))
        for night in range(1, nights):
            found[:, night] = share * found[:, night - 1] + np.sqrt(1 - share**2) * found[:, night]
        return found

    return draw


def overlapping(lag: int) -> Draw:
    """Return differences that share their shocks with the days less than `lag` apart."""

    def draw(random: np.random.Generator, runs: int, nights: int) -> Floats:
        shocks = random.normal(0, 1, (runs, nights + lag - 1))
        return np.asarray(sum(shocks[:, k : k + nights] for k in range(lag)) / np.sqrt(lag))

    return draw


def crashing(share: float, penalty: float | None) -> Draw:
    """Return an equal rival that crashes on a share of its bad days: no difference, or minus a penalty."""

    def draw(random: np.random.Generator, runs: int, nights: int) -> Floats:
        found = random.normal(0, 1, (runs, nights))
        crashed = (found < 0) & (random.random((runs, nights)) < share)
        return np.where(crashed, np.nan if penalty is None else -penalty, found)

    return draw


NOT_BETTER: Mapping[str, tuple[Draw, tuple[int, ...]]] = {
    "Gaussian": (gaussian, (1, 7, 30)),
    "Student's t, 3 degrees": (heavy(3), (1, 7)),
    "Student's t, 1.5 degrees": (heavy(1.5), (1, 7)),
    "variance grows 100 times": (jumps, (1, 7)),
    "pattern of weekdays": (weekdays, (1, 7)),
    "outcomes shared by the days of the lag": (overlapping(7), (7,)),
    "skewed: 1 - Exp(1)": (exponential, (1, 7)),
    "mirrored lognormal(0.5)": (lognormal(0.5), (1, 7)),
    "mirrored lognormal(1)": (lognormal(1.0), (1, 7)),
    "ruined on 10 % of days": (ruined(0.1), (1, 7)),
    "ruined on 5 % of days": (ruined(0.05), (1, 7)),
    "ruined on 2 % of days": (ruined(0.02), (1, 7)),
    "worse (mean -0.5), ruined on 10 %": (ruined(0.1, -0.5), (1, 7)),
    "worse (mean -0.5), ruined on 5 %": (ruined(0.05, -0.5), (1, 7)),
    "worse (mean -0.5), ruined on 2 %": (ruined(0.02, -0.5), (1, 7)),
    "storms on 2 % of days": (storms, (1, 7)),
    "lead of 0.3 that alternates every 28 days": (alternating, (1, 7)),
    **{
        f"autocorrelation {share}": (autocorrelated(share), (1, 7))
        for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    },
}


def measure_errors(runs: int) -> Iterator[Row]:
    """Yield the share of rivals that are not better and are promoted on any night of a year."""
    for data, (draw, lags) in NOT_BETTER.items():
        differences = draw(np.random.default_rng(SEED), runs, NIGHTS)
        for lag in lags:
            for rule, promotes in RULES.items():
                ever = promotes(differences, lag).any(axis=1)
                yield {
                    "table": "error",
                    "data": data,
                    "lag": lag,
                    "rule": rule,
                    **count(int(ever.sum()), runs),
                }
    yield from _measure_crashes(runs)
    yield from _measure_edits(runs)
    yield from _measure_withdrawals(runs)


def _measure_crashes(runs: int) -> Iterator[Row]:
    """Under rule 1 a crash was no day; now it counts with the baseline's loss, here one standard deviation worse."""
    for share in (0.3, 0.6, 1.0):
        for (rule, promotes), penalty in zip(RULES.items(), (None, 1.0), strict=True):
            differences = crashing(share, penalty)(np.random.default_rng(SEED), runs, NIGHTS)
            ever = promotes(differences, 1).any(axis=1)
            data = f"crashes on {share:.0%} of its bad days"
            yield {"table": "error", "data": data, "lag": 1, "rule": rule, **count(int(ever.sum()), runs)}


def _measure_edits(runs: int) -> Iterator[Row]:
    """Each edit is another rival: rule 1 began again at the same threshold, rule 2 spends alpha."""
    differences = gaussian(np.random.default_rng(SEED), runs, NIGHTS)
    for every in EDITED_EVERY:
        spans = [differences[:, first : first + every] for first in range(0, NIGHTS, every)]
        for rule in RULES:
            ever = np.zeros(runs, dtype=bool)
            for place, span in enumerate(spans, start=1):
                bar = DAILY_BAR if rule == "rule 1" else threshold(ALPHA, place, 1)
                ever |= passes(span, rule, bar).any(axis=1)
            data = f"one rival, edited every {every} days"
            yield {"table": "error", "data": data, "lag": 1, "rule": rule, **count(int(ever.sum()), runs)}


def _measure_withdrawals(runs: int) -> Iterator[Row]:
    """Of several rivals, all but the leader are withdrawn when it stands at the threshold of one."""
    for rivals in RIVALS:
        many = gaussian(np.random.default_rng(SEED), runs * rivals, NIGHTS)
        for rule in RULES:
            bar = DAILY_BAR if rule == "rule 1" else threshold(ALPHA, 1, rivals)
            ever = passes(many, rule, bar).any(axis=1).reshape(runs, rivals).any(axis=1)
            data = f"{rivals} rivals, all but the leader withdrawn"
            yield {"table": "error", "data": data, "lag": 1, "rule": rule, **count(int(ever.sum()), runs)}


def passes(differences: Floats, rule: str, bar: float) -> Any:
    """Return whether the test is passed at a threshold, after each day or block."""
    if rule == "rule 1":
        return settled(accumulate(differences, bar), bar)
    blocks = form_blocks([1] * differences.shape[-1], 1, 1)
    return bet_on_blocks(sum_blocks(differences, blocks), blocks, bar).passed


def measure_held_back(runs: int) -> Iterator[Row]:
    """Yield the share of rivals whose test is still passed so many nights after they became worse."""
    differences = gaussian(np.random.default_rng(SEED), runs, NIGHTS)
    differences[:, :WON] += 1.0
    differences[:, WON:] -= 1.0
    found = {
        "rule 1": settled(accumulate(differences, DAILY_BAR), DAILY_BAR),
        "rule 2": evidence_by_night(differences, 1)[1],
    }
    for rule, passed in found.items():
        for after in (0, 10, 30, 60, 240):
            share = count(int(passed[:, WON + after - 1].sum()), runs)
            yield {"table": "held back", "nights": after, "rule": rule, **share}


def measure_power(runs: int) -> Iterator[Row]:
    """Yield the median number of nights until a better rival is promoted, None if it is over a year."""
    for lag in (1, 7):
        for effect in EFFECTS:
            differences = gaussian(np.random.default_rng(SEED + 1), runs, NIGHTS) + effect
            for rule, promotes in RULES.items():
                promoted = promotes(differences, lag)
                nights = np.where(promoted.any(axis=1), promoted.argmax(axis=1) + 1, NIGHTS + 1)
                median = int(np.median(nights))
                yield {
                    "table": "power",
                    "effect": effect,
                    "lag": lag,
                    "rule": rule,
                    "median_nights": median if median <= NIGHTS else None,
                    **count(int(promoted.any(axis=1).sum()), runs),
                }


def render(rows: list[Row]) -> str:
    """Return the tables of the page."""
    runs = max(row["runs"] for row in rows)
    errors = [row for row in rows if row["table"] == "error"]
    held = [row for row in rows if row["table"] == "held back"]
    power = [row for row in rows if row["table"] == "power"]
    parts = [
        f"Share of {runs:,} rivals that are not better and are promoted within {NIGHTS} nights (95 % interval):",
        _table(errors, lambda r: (r["data"], r["lag"]), ("differences", "lag"), _share),
        f"Share of rivals that win by one standard deviation a day for {WON} nights, then lose by as much, and whose "
        "test is still passed afterwards:",
        _table(held, lambda r: (r["nights"],), ("nights afterwards",), _share),
        f"Median number of nights until a better rival is promoted, and share promoted within {NIGHTS} nights:",
        _table(power, lambda r: (r["effect"], r["lag"]), ("mean in standard deviations", "lag"), _median),
    ]
    return "\n\n".join(parts)


def _table(
    rows: list[Row],
    key: Callable[[Row], tuple[object, ...]],
    names: tuple[str, ...],
    cell: Callable[[Row], str],
) -> str:
    lines = [f"| {' | '.join((*names, *RULES))} |", "| --- " * (len(names) + len(RULES)) + "|"]
    for place in dict.fromkeys(key(row) for row in rows):
        cells = [cell(row) for rule in RULES for row in rows if key(row) == place and row["rule"] == rule]
        lines.append(f"| {' | '.join((*map(str, place), *cells))} |")
    return "\n".join(lines)


def _share(row: Row) -> str:
    figures = [100 * row[name] for name in ("share_promoted", "ci_low", "ci_high")]
    return "{:.1f} % ({:.1f} to {:.1f})".format(*figures)


def _median(row: Row) -> str:
    nights = row["median_nights"]
    return f"{f'over {NIGHTS}' if nights is None else nights}; {100 * row['share_promoted']:.0f} %"


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--runs", type=int, default=RUNS)
    runs = ask.parse_args().runs
    rows = [*measure_errors(runs), *measure_held_back(runs), *measure_power(runs)]
    figures = render(rows)
    print(figures)
    if runs == RUNS:
        keep_rows(RESULTS, rows)
        PAGE.write_text(put_into(PAGE.read_text(), figures + "\n", BEGIN, END))


if __name__ == "__main__":
    main()
