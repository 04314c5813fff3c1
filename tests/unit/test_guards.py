"""Each guard checks one thing and reports its result with figures."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.promoting.guards import judge_first, judge_refresh, judge_rival
from contender.records import (
    BehaviourCheck,
    Evaluation,
    GatedDays,
    HistoryChange,
    Interval,
    OutcomeChange,
    SliceMeasures,
    UsualChange,
)
from contender.settings import PROJECT
from contender.specs import Guards
from tests.unit.judged import evaluation, measures, version

GUARDS = Guards()


def history(**changes) -> HistoryChange:
    healthy = {
        "shared_days": 229,
        "shared_rows": 199_000,
        "excused_days": 0,
        "changed": {"rows": 0.0, "label": 0.0, "dep_hour": 0.0},
    }
    return HistoryChange(**(healthy | changes))


def part(name: str, low: float | None, champion: float | None = 0.2) -> SliceMeasures:
    difference = None if low is None else Interval(low=low, high=low + 0.02)
    return SliceMeasures(
        name=name, rows=500, challenger_loss=0.2, champion_loss=champion, difference=difference
    )


def check(passed: bool) -> BehaviourCheck:
    return BehaviourCheck(
        name="later is later",
        kind="direction",
        passed=passed,
        observed=-0.1,
        bound=0,
        explanation="moves down",
    )


# Other predictions block a refresh only if they are worse, and this increase alone blocks none.
HARDLY_WORSE = {"challenger_measures": measures(0.152)}


def usual(disagreement: float = 0.01, shift: float = 0.004) -> UsualChange:
    return UsualChange(nights=28, disagreement=disagreement, shift=shift)


def made(**changes):
    return version(2).model_copy(update=changes)


def blocking(reasons) -> list[str]:
    return [reason.guard for reason in reasons if not reason.passed]


def explanation(reasons, guard: str) -> str:
    return next(reason.explanation for reason in reasons if reason.guard == guard)


UNHEALTHY = {
    "missing_days": {"challenger": made(missing_days=40)},
    "repeated_rows": {"challenger": made(repeated_rows=1)},
    "gates": {"gates": GatedDays(days=230, ungated=(date(2013, 5, 1),), released=0)},
    "history": {"history": history(changed={"rows": 0.02, "label": 0.0})},
    "slices": {"slices": (part("airline=UA", 0.011), part("airline=HA", None))},
    "behaviour": {"behaviour": (check(True), check(False))},
    "stable": {"repeat_difference": 1e-3},
    "latency": {"seconds_per_million_rows": 301.0},
    "size": {"artifact_bytes": 300_000_000},
}
OF_A_REFRESH = {
    "disagreement": {"disagreement": 0.031, "usual": usual(), **HARDLY_WORSE},
    "shift": {"shift": -0.013, "usual": usual(), **HARDLY_WORSE},
    "outcomes": {"outcomes": OutcomeChange(days=84, missing=7.1, weaker=0.0, bar=7)},
    "harm": {"challenger_measures": measures(0.157), "loss_difference": Interval(low=0.001, high=0.011)},
    "calibration": {"challenger_measures": measures(0.150, calibration=0.09)},
}


@pytest.mark.parametrize("guard", [*UNHEALTHY, *OF_A_REFRESH])
def test_each_guard_can_block_a_refresh_alone(guard):
    reasons = judge_refresh(evaluation(**(UNHEALTHY | OF_A_REFRESH)[guard]), GUARDS)
    assert blocking(reasons) == [guard]


@pytest.mark.parametrize("guard", UNHEALTHY)
def test_the_guards_of_every_version_apply_to_a_rival(guard):
    rival = evaluation(**UNHEALTHY[guard])
    assert blocking(judge_rival(rival, GUARDS)) == [guard]


@pytest.mark.parametrize("guard", OF_A_REFRESH)
def test_a_rival_may_differ_from_the_champion(guard):
    assert blocking(judge_rival(evaluation(**OF_A_REFRESH[guard]), GUARDS)) == []


@pytest.mark.parametrize("guard", UNHEALTHY)
def test_a_first_version_is_checked_by_the_guards_that_need_no_champion(guard):
    first = evaluation(
        champion=None, champion_measures=None, disagreement=None, shift=None, **UNHEALTHY[guard]
    )
    assert blocking(judge_first(first, GUARDS)) == ([] if guard == "slices" else [guard])


@pytest.mark.parametrize("judge", [judge_first, judge_refresh, judge_rival])
def test_every_guard_reports_one_result_whether_it_passes_or_not(judge):
    names = [reason.guard for reason in judge(evaluation(), GUARDS)]
    assert len(names) == len(set(names))
    assert all(reason.explanation for reason in judge(evaluation(), GUARDS))


@pytest.mark.parametrize("judge", [judge_first, judge_refresh, judge_rival])
def test_every_guard_is_documented(judge):
    page = (PROJECT / "docs" / "GUARDS.md").read_text()
    assert [r.guard for r in judge(evaluation(), GUARDS) if f"\n| `{r.guard}` |" not in page] == []


def test_every_bound_is_documented():
    page = (PROJECT / "docs" / "GUARDS.md").read_text()
    assert [name for name in Guards.model_fields if f"`{name}`" not in page] == []


@given(st.floats(0, 0.2), st.floats(1e-5, 0.05))
def test_earlier_refreshes_tighten_the_bound_and_never_widen_it(observed, median):
    worse = evaluation(disagreement=observed, **HARDLY_WORSE)
    alone = judge_refresh(worse, GUARDS)
    known = judge_refresh(worse.model_copy(update={"usual": usual(disagreement=median)}), GUARDS)
    assert ("disagreement" in blocking(known)) >= ("disagreement" in blocking(alone))


@pytest.mark.parametrize(
    ("missing", "weaker", "passes"),
    [(0.0, 0.0, True), (7.0, 7.0, True), (0.0, 7.1, False), (None, 7.1, False), (None, None, True)],
)
def test_outcomes_block_a_refresh_only_if_the_evidence_exceeds_its_threshold(missing, weaker, passes):
    outcomes = OutcomeChange(days=84, missing=missing, weaker=weaker, bar=7)
    reasons = judge_refresh(evaluation(outcomes=outcomes), GUARDS)
    assert ("outcomes" not in blocking(reasons)) == passes


@pytest.mark.parametrize(("shift", "passes"), [(0.0079, True), (0.0081, False)])
def test_however_steady_earlier_refreshes_were_a_difference_far_below_the_fixed_bound_passes(shift, passes):
    reasons = judge_refresh(evaluation(shift=shift, usual=usual(shift=1e-4), **HARDLY_WORSE), GUARDS)
    assert ("shift" not in blocking(reasons)) == passes


def test_a_loss_increase_that_is_not_significant_passes_and_shows_its_interval():
    worse = {"challenger_measures": measures(0.157), "loss_difference": Interval(low=-0.002, high=0.014)}
    reasons = judge_refresh(evaluation(**worse), GUARDS)
    assert blocking(reasons) == []
    assert explanation(reasons, "harm") == (
        "the loss differs from the champion's by +3.97%; at most +3.00% allowed, "
        "but the increase is not significant: 95 % interval -0.0020 to +0.0140"
    )


def test_a_loss_increase_without_an_interval_blocks():
    reasons = judge_refresh(evaluation(challenger_measures=measures(0.157), loss_difference=None), GUARDS)
    assert blocking(reasons) == ["harm"]


@pytest.mark.parametrize("judge", [judge_refresh, judge_rival])
def test_a_calibration_error_that_the_champion_has_too_passes(judge):
    storm = evaluation(challenger_measures=measures(0.15, 0.24), champion_measures=measures(0.15, 0.25))
    assert blocking(judge(storm, GUARDS)) == []


@pytest.mark.parametrize("judge", [judge_first, judge_rival])
def test_first_versions_and_rivals_must_be_calibrated_if_the_champion_is(judge):
    alone = {"challenger_measures": measures(0.15, 0.16)}
    assert blocking(judge(evaluation(**alone), GUARDS)) == ["calibration"]


def test_a_small_difference_passes_even_if_earlier_refreshes_never_differed():
    still = usual(disagreement=0.0, shift=0.0)
    assert blocking(judge_refresh(evaluation(disagreement=0.002, shift=0.002, usual=still), GUARDS)) == []


def test_other_features_of_another_recipe_do_not_count_as_changed_history():
    changed = history(changed={"rows": 0.0, "label": 0.0, "dep_hour": 0.9})
    assert blocking(judge_refresh(evaluation(history=changed), GUARDS)) == ["history"]
    of_another = evaluation(history=changed, challenger=version(3, recipe="r2"))
    assert blocking(judge_rival(of_another, GUARDS)) == []


def test_a_category_that_disappeared_blocks_however_few_rows_it_had():
    reasons = judge_refresh(evaluation(history=history(lost=("airline=HA",))), GUARDS)
    assert blocking(reasons) == ["history"]
    assert "most rows with airline=HA disappeared" in explanation(reasons, "history")


def test_changed_history_names_the_column_and_the_remedy():
    reasons = judge_refresh(evaluation(history=history(changed={"rows": 0.0, "label": 0.27})), GUARDS)
    assert explanation(reasons, "history").startswith("`label` changed by 27.00% on 229 days")
    assert explanation(reasons, "history").endswith("deliver those days with `contender backfill --reason`")


def test_slices_with_too_few_rows_pass_and_are_counted():
    reasons = judge_refresh(evaluation(slices=(part("airline=HA", None), part("airline=OO", None))), GUARDS)
    assert blocking(reasons) == []
    assert explanation(reasons, "slices") == "2 slices have too few rows to compare"


def test_a_slice_that_is_not_significantly_worse_passes():
    assert blocking(judge_refresh(evaluation(slices=(part("airline=UA", 0.009),)), GUARDS)) == []


def test_a_champion_with_a_loss_of_zero_on_a_slice_is_accepted():
    assert blocking(judge_refresh(evaluation(slices=(part("airline=UA", 0.0, champion=0.0),)), GUARDS)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"unusable_predictions": 3},
        {"repeat_difference": 0.01},
        {"challenger": made(reload_difference=0.01)},
    ],
)
def test_predictions_must_be_finite_and_repeatable(changes):
    assert blocking(judge_refresh(evaluation(**changes), GUARDS)) == ["stable"]


def test_released_batches_pass_and_are_counted():
    reasons = judge_refresh(evaluation(gates=GatedDays(days=230, ungated=(), released=2)), GUARDS)
    assert blocking(reasons) == []
    assert (
        explanation(reasons, "gates")
        == "all 230 training days passed their gates, 2 batches of them after a release"
    )


def test_a_failed_behaviour_test_is_named():
    reasons = judge_refresh(evaluation(behaviour=(check(False),)), GUARDS)
    assert explanation(reasons, "behaviour") == "1 of 1 tests failed: later is later: moves down, bound 0"


def as_jsonb(value: Any) -> Any:
    """Return a JSON value as Postgres returns it from a column of type `jsonb`: shorter keys come first."""
    if isinstance(value, dict):
        return {key: as_jsonb(value[key]) for key in sorted(value, key=lambda key: (len(key), key))}
    return [as_jsonb(part) for part in value] if isinstance(value, list) else value


SHARES = st.sampled_from([0.0, 0.004, 0.3])


@given(st.dictionaries(st.sampled_from(["label", "dep_hour", "rain", "airline"]), SHARES), SHARES)
def test_verdicts_do_not_depend_on_the_order_in_which_a_database_returns_keys(shares, rows):
    judged = evaluation(
        history=history(changed=shares | {"rows": rows}), slices=(part("a", 0.0), part("b", 0.0))
    )
    stored = Evaluation.model_validate(as_jsonb(judged.model_dump(mode="json")))
    for judge in (judge_first, judge_refresh, judge_rival):
        assert judge(stored, GUARDS) == judge(judged, GUARDS)
