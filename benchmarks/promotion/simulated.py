"""How often rules promote an equal model, and how soon a better one, on simulated pairs (see `pairs.py`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.promotion.pairs import LAG, Kind, make_differences, make_pairs
from benchmarks.promotion.row_tests import ROW_TESTS, first_night
from benchmarks.promotion.rows import Row, count
from benchmarks.promotion.rules import RULES

KINDS: tuple[Kind, ...] = ("independent days", "autocorrelated days", "alternating lead", "7-day label delay")
ROWS = {"7-day label delay": 300}
GAINS = (0.005, 0.01, 0.02)
SPANS = (60, 365)
DRAWN: Kind = "autocorrelated days"  # by more nights, so that a curve can be drawn
DRAWN_SPANS = (7, 14, 30, 60, 120, 180, 240, 300, 365)
POWER_NIGHTS = 200
# The tests over rows look at thousands of rows a night: of so many pairs they see one.
ROW_TESTS_SEE = 10
NEVER = 10_000


def measure_error(runs: int) -> Iterator[Row]:
    """The share of equal pairs that a rule has promoted after so many nights."""
    for kind in KINDS:
        for name, first in _first_nights(kind, 0.0, runs, max(SPANS), seed=1).items():
            for span in DRAWN_SPANS if kind == DRAWN else SPANS:
                promoted = int((first <= span).sum())
                yield Row(
                    table="error",
                    rule=name,
                    data=kind,
                    nights=span,
                    effect=0.0,
                    **count(promoted, len(first)),
                )


def measure_power(runs: int) -> Iterator[Row]:
    """The median of days, of 200, until a rule promotes a recipe that is better by so much AUC."""
    for kind in KINDS:
        for gain in GAINS:
            for name, first in _first_nights(kind, gain, max(runs // 3, 1), POWER_NIGHTS, seed=2).items():
                median = float(np.median(first))
                yield Row(
                    table="power",
                    rule=name,
                    data=kind,
                    nights=POWER_NIGHTS,
                    effect=gain,
                    median_days=median if median <= POWER_NIGHTS else None,
                    **count(int((first <= POWER_NIGHTS).sum()), len(first)),
                )


def _first_nights(kind: Kind, gain: float, runs: int, nights: int, seed: int) -> dict[str, NDArray[np.int64]]:
    """By rule, the night of each pair's first promotion, from 1."""
    rows, lag = ROWS.get(kind, 900), LAG.get(kind, 1)
    differences = make_differences(kind, gain, runs, nights, seed, rows)
    found = {name: first_of(promotes(differences, lag)) for name, promotes in RULES.items()}
    random = np.random.default_rng(seed)
    seen: dict[str, list[int]] = {name: [] for name in ROW_TESTS}
    for pair in make_pairs(kind, gain, max(runs // ROW_TESTS_SEE, 1), nights, seed, rows):
        for run in range(len(pair.outcomes)):
            days = list(zip(pair.outcomes[run], pair.incumbent[run], pair.rival[run], strict=True))
            for name, says in ROW_TESTS.items():
                seen[name].append(first_night(days, says, random) or NEVER)
    return found | {name: np.array(nights) for name, nights in seen.items()}


def first_of(promotes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The first night, from 1, on which each run promotes; `NEVER` where none does."""
    return np.where(promotes.any(axis=-1), promotes.argmax(axis=-1) + 1, NEVER)
