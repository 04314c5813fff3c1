"""The promotion page matches the stored results, and the benchmark is correct on a small scale."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.keeping import put_into
from benchmarks.promotion.page import BEGIN, END, PAGE, read_results, render, replace
from benchmarks.promotion.pairs import auc, make_differences, make_pairs
from benchmarks.promotion.plots import draw_all
from benchmarks.promotion.row_tests import compare_aucs, delong, first_night, resample
from benchmarks.promotion.rows import Row
from benchmarks.promotion.rules import RULES, higher, t_test


def test_the_figures_of_the_page_match_the_results():
    assert put_into(PAGE.read_text(), render(read_results()), BEGIN, END) == PAGE.read_text()


def test_the_plots_of_the_page_match_the_results():
    for name, plot in draw_all(read_results()).items():
        assert (PAGE.parent / name).read_text() == plot + "\n", name


def test_a_new_measurement_replaces_only_its_own_table():
    kept = [Row(table="error", rule="old", data="d"), Row(table="power", rule="stays", data="d")]
    found = [Row(table="error", rule="new", data="d")]
    assert [row.rule for row in replace(kept, found)] == ["stays", "new"]


def test_the_mean_difference_of_equal_pairs_is_zero():
    differences = make_differences("independent days", 0.0, 40, 60, seed=3)
    assert abs(differences.mean()) < 4 * differences.std() / np.sqrt(differences.size)


def test_a_better_rival_has_the_requested_gain():
    (pair, *_) = make_pairs("independent days", 0.02, 20, 60, seed=4)
    gained = [
        auc(pair.outcomes.reshape(20, -1), scores.reshape(20, -1)).mean()
        for scores in (pair.rival, pair.incumbent)
    ]
    assert gained[0] - gained[1] == pytest.approx(0.02, abs=0.004)


def test_the_sequential_test_promotes_few_equal_pairs_and_the_daily_rule_all():
    differences = make_differences("independent days", 0.0, 100, 60, seed=5)
    share = {name: promotes(differences, 1).any(axis=-1).mean() for name, promotes in RULES.items()}
    assert share["sequential test"] <= 0.05
    assert share["lower loss on the last day"] == 1.0
    assert share["paired t-test, 5 %"] > 0.15


def test_the_weekly_mean_covers_seven_days():
    differences = np.array([[1.0, 1, 1, 1, 1, 1, 1, -8, 0, 0, 0, 0, 0, 0, 3]])
    assert higher(7)(differences, 1)[0].tolist() == [False] * 6 + [True] + [False] * 7 + [True]


def test_the_t_test_needs_five_days():
    assert not t_test(np.full((1, 4), 0.1) + np.array([[0, 1e-3, 0, 1e-3]]), 1).any()


def test_delongs_test_matches_a_pairwise_computation():
    random = np.random.default_rng(1)
    outcomes = random.random(60) < 0.4
    scores = (random.normal(size=(2, 60)) + outcomes).round(1)  # with ties
    wins = np.array(
        [(s[outcomes][:, None] > s[~outcomes]) + 0.5 * (s[outcomes][:, None] == s[~outcomes]) for s in scores]
    )
    aucs, covariance = compare_aucs(outcomes, scores)
    above, below = wins.mean(axis=2), wins.mean(axis=1)
    assert aucs == pytest.approx(wins.mean(axis=(1, 2)))
    assert covariance == pytest.approx(np.cov(above) / outcomes.sum() + np.cov(below) / (~outcomes).sum())


@pytest.mark.parametrize("says", [delong, resample])
def test_a_row_test_has_its_level_on_one_night_with_independent_rows(says):
    random = np.random.default_rng(2)
    signal = random.normal(size=(400, 500))
    outcomes = random.random(signal.shape) < 1 / (1 + np.exp(-signal))
    models = [1 / (1 + np.exp(-(signal + random.normal(size=signal.shape)) / 2)) for _ in range(2)]
    said = [says(o, ours, theirs, random) for o, ours, theirs in zip(outcomes, *models, strict=True)]
    assert 0.02 < np.mean(said) < 0.09


def test_a_row_test_that_is_checked_every_night_soon_promotes_an_equal_model():
    (pair,) = make_pairs("independent days", 0.0, 1, 60, seed=1)
    days = list(zip(pair.outcomes[0], pair.incumbent[0], pair.rival[0], strict=True))
    assert first_night(days, delong, np.random.default_rng(0)) is not None
    assert first_night(days[:6], delong, np.random.default_rng(0)) is None
