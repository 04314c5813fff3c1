"""A refresh is promoted unless a guard blocks it; the first version must beat the baseline."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.promoting import decide_promotion
from contender.records import Interval
from contender.specs import Guards
from tests.unit.judged import evaluation, measures, version

GUARDS = Guards()


def blocking(decision) -> list[str]:
    return [reason.guard for reason in decision.reasons if not reason.passed]


def test_a_healthy_refresh_is_promoted():
    decision = decide_promotion(evaluation(), GUARDS)
    assert (decision.kind, decision.champion_before, decision.champion_after) == ("refreshed", 1, 2)


def test_a_refresh_that_is_slightly_worse_is_promoted():
    decision = decide_promotion(evaluation(challenger_measures=measures(0.154)), GUARDS)
    assert decision.kind == "refreshed"


# Also above the champion's loss, by an increase that may be chance.
ABOVE_BASELINE = {
    "challenger_measures": measures(0.163),
    "baseline_measures": measures(0.15),
    "loss_difference": Interval(low=-0.01, high=0.03),
}


@pytest.mark.parametrize(
    ("guard", "changes"),
    [
        ("recipe", {"challenger": version(2, recipe="r2")}),
        ("newer", {"challenger": version(2, last=date(2013, 8, 1))}),
        ("training_rows", {"challenger": version(2, rows=100_000)}),
        ("baseline", ABOVE_BASELINE),
        ("disagreement", {"disagreement": 0.11, "challenger_measures": measures(0.152)}),
        ("harm", {"challenger_measures": measures(0.157)}),
        ("calibration", {"challenger_measures": measures(0.150, 0.2)}),
    ],
)
def test_each_guard_can_block_the_promotion_alone(guard, changes):
    decision = decide_promotion(evaluation(**changes), GUARDS)
    assert blocking(decision) == [guard]
    assert (decision.kind, decision.champion_after) == ("held", 1)


def test_a_refresh_that_cannot_be_compared_is_not_promoted():
    decision = decide_promotion(evaluation(champion_measures=None, disagreement=None, shift=None), GUARDS)
    assert blocking(decision) == ["disagreement", "shift", "harm"]


def test_the_first_version_is_promoted_if_it_beats_the_baseline():
    decision = decide_promotion(evaluation(champion=None, champion_measures=None, disagreement=None), GUARDS)
    assert (decision.kind, decision.champion_before, decision.champion_after) == ("first", None, 2)


def test_a_first_version_that_only_equals_the_baseline_is_held():
    decision = decide_promotion(
        evaluation(
            champion=None, champion_measures=None, disagreement=None, baseline_measures=measures(0.15)
        ),
        GUARDS,
    )
    assert (decision.kind, decision.champion_after) == ("held", None)


rates = st.floats(0, 1)


@given(ours=rates, theirs=rates, baseline=rates, gap=rates, calibration=rates)
def test_a_refresh_is_held_exactly_if_a_guard_blocks_it(ours, theirs, baseline, gap, calibration):
    decision = decide_promotion(
        evaluation(
            challenger_measures=measures(ours, calibration),
            champion_measures=measures(theirs),
            baseline_measures=measures(baseline),
            disagreement=gap,
        ),
        GUARDS,
    )
    assert decision.promoted == (not blocking(decision))
    assert decision.champion_after == (2 if decision.promoted else 1)
