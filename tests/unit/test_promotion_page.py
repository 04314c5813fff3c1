"""The page about promotion says what the benchmark found, and the benchmark can be trusted on a small scale."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.promotion.__main__ import PAGE, RULES, higher, put_into, read_results, render, t_test
from benchmarks.promotion.pairs import auc, make_differences, make_pairs


def test_the_figures_on_the_page_are_those_of_the_results():
    assert put_into(PAGE.read_text(), render(read_results())) == PAGE.read_text()


def test_equal_pairs_differ_by_nothing_on_average():
    differences = make_differences("even days", 0.0, 40, 60, seed=3)
    assert abs(differences.mean()) < 4 * differences.std() / np.sqrt(differences.size)


def test_a_better_rival_is_better_by_what_was_asked():
    (pair, *_) = make_pairs("even days", 0.02, 20, 60, seed=4)
    gained = [
        auc(pair.outcomes.reshape(20, -1), scores.reshape(20, -1)).mean()
        for scores in (pair.rival, pair.incumbent)
    ]
    assert gained[0] - gained[1] == pytest.approx(0.02, abs=0.004)


def test_of_equal_pairs_the_race_promotes_few_and_daily_looking_all():
    differences = make_differences("even days", 0.0, 100, 60, seed=5)
    share = {name: promotes(differences, 1).any(axis=-1).mean() for name, promotes in RULES.items()}
    assert share["the race"] <= 0.05
    assert share["better today"] == 1.0
    assert share["paired t over days, 5 %"] > 0.15


def test_a_mean_of_seven_days_is_of_those_seven():
    differences = np.array([[1.0, 1, 1, 1, 1, 1, 1, -8, 0, 0, 0, 0, 0, 0, 3]])
    assert higher(7)(differences, 1)[0].tolist() == [False] * 6 + [True] + [False] * 7 + [True]


def test_the_t_test_says_nothing_before_five_days():
    assert not t_test(np.full((1, 4), 0.1) + np.array([[0, 1e-3, 0, 1e-3]]), 1).any()
