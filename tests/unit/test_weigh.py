"""A difference from the past blocks a refresh only as long as the champion may be the better version."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.evaluating.intervals import interval_of_difference
from contender.measures import calibration_error
from contender.promoting import decide_promotion
from contender.promoting.guards import judge_refresh
from contender.promoting.weigh import COMPARING_WITH_THE_PAST, OF_PREDICTIONS
from contender.records import (
    BehaviourCheck,
    HistoryChange,
    Interval,
    OutcomeChange,
    Standing,
    count_held_nights,
)
from contender.specs import Guards
from tests.unit.judged import evaluation, measures, version

GUARDS = Guards()
# What a refresh looks like after the world has changed: fewer rows, and other predictions.
CHANGED_WORLD = {
    "challenger": version(2, rows=100_000).model_copy(update={"days_with_rows": 100}),
    "history": HistoryChange(shared_days=90, shared_rows=80_000, excused_days=0, changed={"label": 0.3}),
    "disagreement": 0.3,
    "shift": -0.3,
}
BETTER = {"challenger_measures": measures(0.130), "loss_difference": Interval(low=-0.030, high=-0.012)}
PERHAPS_BETTER = {"challenger_measures": measures(0.150), "loss_difference": Interval(low=-0.01, high=0.008)}
WORSE = {"challenger_measures": measures(0.1515), "loss_difference": Interval(low=-0.01, high=0.011)}


def blocking(
    changes, held_nights: int = 0, broken: date | None = None, *, inputs_broke: bool = False
) -> set[str]:
    standing = Standing(
        champion=1,
        since=date(2020, 1, 1),
        suspended=None,
        held_nights=held_nights,
        broken=broken,
        inputs_broke=inputs_broke,
    )
    reasons = judge_refresh(evaluation(**CHANGED_WORLD, **changes), GUARDS, standing)
    return {reason.guard for reason in reasons if not reason.passed}


OF_ROWS = COMPARING_WITH_THE_PAST - OF_PREDICTIONS


def test_every_difference_from_the_past_blocks_a_refresh_that_is_worse():
    assert blocking(WORSE) == COMPARING_WITH_THE_PAST


def test_other_predictions_do_not_block_a_refresh_that_is_no_worse_on_the_same_rows():
    assert blocking(PERHAPS_BETTER) == OF_ROWS


def test_no_difference_from_the_past_blocks_a_significantly_better_refresh():
    assert blocking(BETTER) == set()


def test_after_a_week_of_held_refreshes_it_suffices_to_be_no_worse():
    assert blocking(PERHAPS_BETTER, GUARDS.max_held_nights - 1) == OF_ROWS
    assert blocking(PERHAPS_BETTER, GUARDS.max_held_nights) == set()


def test_while_a_break_is_open_it_suffices_to_be_no_worse():
    assert blocking(PERHAPS_BETTER, broken=date(2020, 3, 2)) == set()
    assert blocking(WORSE, broken=date(2020, 3, 2)) == COMPARING_WITH_THE_PAST


DOUBTFUL = {"outcomes": OutcomeChange(days=84, missing=9.0, weaker=0.0, bar=7)}


def test_a_lower_loss_on_doubtful_labels_does_not_outweigh_the_doubt():
    assert blocking(BETTER | DOUBTFUL) == {"outcomes"}
    assert blocking(BETTER | DOUBTFUL, broken=date(2020, 3, 2)) == {"outcomes"}
    assert blocking(BETTER | DOUBTFUL, GUARDS.max_held_nights) == set()


def test_labels_are_not_doubted_when_many_inputs_changed_with_the_outcomes():
    assert blocking(BETTER | DOUBTFUL, broken=date(2020, 3, 2), inputs_broke=True) == set()
    assert "outcomes" in blocking(WORSE | DOUBTFUL, broken=date(2020, 3, 2), inputs_broke=True)


def bounded(*, observed: float, low: float, high: float, kind: str = "minimum") -> BehaviourCheck:
    """A failed test that predictions are above 0.85, and the interval of the outcomes of its rows."""
    return BehaviourCheck(
        name="regulars return",
        kind=kind,
        passed=False,
        observed=observed,
        bound=0.85,
        explanation="",
        outcomes=Interval(low=low, high=high),
    )


CONTRADICTED = bounded(observed=0.5, low=0.45, high=0.6)
UNCERTAIN = bounded(observed=0.5, low=0.45, high=0.86)
FALLS = BehaviourCheck(name="t", kind="direction", passed=False, observed=-1, bound=0, explanation="falls")


@pytest.mark.parametrize(
    ("behaviour", "held_nights", "broken", "passes"),
    [
        ((CONTRADICTED,), 0, None, False),
        ((CONTRADICTED,), 0, date(2020, 3, 2), True),
        ((CONTRADICTED,), GUARDS.max_held_nights, None, True),
        ((UNCERTAIN,), 365, date(2020, 3, 2), False),
        ((FALLS,), 365, date(2020, 3, 2), False),
        ((CONTRADICTED, FALLS), 365, date(2020, 3, 2), False),
        ((bounded(observed=0.9, low=0.45, high=0.6),), 365, date(2020, 3, 2), False),
    ],
    ids=[
        "on a usual night",
        "in a break",
        "after a week",
        "outcomes may still agree with the test",
        "a test of a change",
        "one of two tests",
        "predictions above an upper bound, outcomes below it",
    ],
)
def test_a_behaviour_test_that_outcomes_contradict_is_outweighed(behaviour, held_nights, broken, passes):
    changes = PERHAPS_BETTER | {"behaviour": behaviour}
    assert ("behaviour" not in blocking(changes, held_nights, broken)) == passes


def test_a_worse_refresh_does_not_pass_a_test_that_outcomes_contradict():
    assert "behaviour" in blocking(WORSE | {"behaviour": (CONTRADICTED,)}, 365, date(2020, 3, 2))


def test_a_worse_refresh_stays_held_however_long():
    assert blocking(WORSE, 365) == COMPARING_WITH_THE_PAST


def test_a_refresh_that_cannot_be_compared_stays_held():
    unmeasured = {"champion_measures": None, "loss_difference": None}
    assert blocking(unmeasured, 365) >= COMPARING_WITH_THE_PAST


def test_the_reason_states_both_the_difference_and_the_evidence():
    reasons = judge_refresh(evaluation(**CHANGED_WORLD, **BETTER), GUARDS)
    rows = next(reason for reason in reasons if reason.guard == "training_rows")
    assert rows.explanation == (
        "100,000 training rows, 0.50 times the champion's; at least 0.80 times required. Outweighed: the loss is "
        "significantly lower than the champion's on the evaluated days, by -0.0210 "
        "(95 % interval -0.0300 to -0.0120)"
    )


@given(loss=st.floats(0.05, 0.3), held=st.integers(0, 400))
def test_no_refresh_is_held_by_the_past_alone_for_longer_than_allowed_unless_it_is_worse(loss, held):
    blocked = blocking({"challenger_measures": measures(loss), "loss_difference": None}, held)
    champion = 0.151
    if blocked & COMPARING_WITH_THE_PAST:
        assert held < GUARDS.max_held_nights or loss > champion


def is_above_baseline(loss: float, champion: float, baseline: float) -> bool:
    judged = evaluation(
        challenger_measures=measures(loss),
        champion_measures=measures(champion),
        baseline_measures=measures(baseline),
    )
    (found,) = (reason for reason in judge_refresh(judged, GUARDS) if reason.guard == "baseline")
    return not found.passed


@pytest.mark.parametrize(("loss", "above"), [(0.199, False), (0.215, True)])
def test_a_champion_that_is_worse_than_the_baseline_itself_raises_the_bound(loss, above):
    assert is_above_baseline(loss, champion=0.2, baseline=0.15) is above


@given(champion=st.floats(0.01, 1), baseline=st.floats(0.01, 1), share=st.floats(0, 0.99))
def test_no_baseline_blocks_a_refresh_that_is_hardly_worse_than_the_champion(champion, baseline, share):
    loss = champion * (1 + share * GUARDS.max_loss_above_baseline)
    assert not is_above_baseline(loss, champion, baseline)


def test_a_calibration_error_that_chance_explains_passes():
    noisy = {"challenger_measures": measures(0.150, calibration=0.09)}
    unsure, sure = Interval(low=-0.02, high=0.1), Interval(low=0.01, high=0.07)
    judged = {
        interval: judge_refresh(evaluation(**noisy, calibration_difference=interval), GUARDS)
        for interval in (unsure, sure, None)
    }
    assert [all(reason.passed for reason in found) for found in judged.values()] == [True, False, False]


def test_the_interval_of_calibration_covers_equal_versions_in_19_of_20_weeks():
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(300):
        days = np.repeat(np.arange(7), 60)
        chances = rng.uniform(0.1, 0.6, len(days))
        outcomes = (rng.random(len(days)) < chances).astype(float)
        ours, theirs = (np.clip(chances + rng.normal(0, 0.05, len(days)), 0, 1) for _ in range(2))
        found = interval_of_difference(calibration_error, outcomes, (ours, theirs), days)
        covered.append(found.low <= 0 <= found.high)
    assert np.mean(covered) > 0.93


def decisions(*kinds: str):
    """Decisions of consecutive nights, the last one newest; `rival` is a held rival."""
    made = []
    for nth, kind in enumerate(kinds):
        night = date(2013, 8, 1) + timedelta(days=nth)
        recipe = "r2" if kind == "rival" else "r1"
        decision = decide_promotion(
            evaluation(night=night, challenger=version(2 + nth, recipe=recipe)), GUARDS
        )
        made.append(decision.model_copy(update={"kind": "held" if kind == "rival" else kind}))
    return list(reversed(made))


@pytest.mark.parametrize(
    ("kinds", "held"),
    [
        ((), 0),
        (("held",), 1),
        (("held", "refreshed"), 0),
        (("refreshed", "held", "held"), 2),
        (("held", "rolled_back", "held"), 1),
        (("refreshed", "rival", "held", "rival"), 1),
    ],
)
def test_only_refreshes_held_since_the_last_other_decision_are_counted(kinds, held):
    assert count_held_nights(decisions(*kinds)) == held
