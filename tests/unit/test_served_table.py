"""Rules are compared by served loss on the same days, and equal pairs are drawn without bias."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.promotion.real_pairs import DRAWN, MODELS, WEEK, draw
from benchmarks.promotion.served import BEST, BEST_OF_DAY, OURS, compare
from tests.unit.policy_results import policy_result, served

OURS_LOST = [0.2] * 15 + [0.4] * 15
KEPT_LOST = [0.3] * 30


def rows(**others):
    by_rule = {OURS: served(OURS_LOST), "kept": served(KEPT_LOST)} | others
    return {
        (row.table, row.rule, row.effect if row.table == "served by month" else None): row
        for row in compare("flights", by_rule, {rule: policy_result() for rule in by_rule})
    }


def test_a_rule_has_its_mean_loss_and_its_difference_from_ours():
    row = rows(kept=served([loss + 0.1 for loss in OURS_LOST]))["served", "kept", None]
    assert (row.nights, row.served_loss, row.effect) == (30, pytest.approx(0.4), pytest.approx(0.1))


def test_rules_are_compared_on_days_that_all_of_them_served():
    row = rows(late=served(KEPT_LOST)[20:])["served", OURS, None]
    assert (row.nights, row.served_loss) == (10, pytest.approx(0.4))


def test_the_best_rule_in_hindsight_is_fixed_and_the_best_of_each_day_may_change():
    found = rows(better=served([0.25] * 30))
    assert found["served", BEST, None].served_loss == pytest.approx(0.25)
    assert found["served", BEST_OF_DAY, None].served_loss == pytest.approx(0.225)


def test_months_are_separate_rows():
    assert rows()["served by month", OURS, "2013-03"].nights == 30


@pytest.mark.parametrize("drawn", DRAWN)
def test_no_model_is_paired_with_itself(drawn):
    incumbents, rivals = draw(drawn, 50, 40, np.random.default_rng(1))
    assert incumbents.shape == rivals.shape == (50, 40)
    assert (incumbents != rivals).all()
    assert {*incumbents.ravel().tolist(), *rivals.ravel().tolist()} == set(range(MODELS))


def test_a_pair_does_not_change_within_a_week():
    incumbents, _ = draw("each week", 50, 40, np.random.default_rng(1))
    assert (incumbents[:, :WEEK] == incumbents[:, :1]).all()
    assert (incumbents[:, WEEK] != incumbents[:, 0]).any()
