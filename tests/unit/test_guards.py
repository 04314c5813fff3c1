"""Each guard looks at one thing, and says with figures whether a version may serve."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.promoting.guards import judge_first, judge_refresh, judge_rival
from contender.records import BehaviourCheck, GatedDays, HistoryChange, Interval, SliceMeasures, UsualChange
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


def check(holds: bool) -> BehaviourCheck:
    return BehaviourCheck(
        name="later is later", kind="direction", holds=holds, observed=-0.1, bound=0, explanation="moves down"
    )


def usual(disagreement: float = 0.01, shift: float = 0.004) -> UsualChange:
    return UsualChange(nights=28, disagreement=disagreement, shift=shift)


def made(**changes):
    return version(2).model_copy(update=changes)


def spoke(reasons) -> list[str]:
    return [reason.guard for reason in reasons if not reason.holds]


def word(reasons, guard: str) -> str:
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
    "disagreement": {"disagreement": 0.021, "usual": usual()},
    "shift": {"shift": -0.009, "usual": usual()},
    "harm": {"challenger_measures": measures(0.157), "loss_difference": Interval(low=0.001, high=0.011)},
    "calibration": {"challenger_measures": measures(0.150, calibration=0.09)},
}


@pytest.mark.parametrize("guard", [*UNHEALTHY, *OF_A_REFRESH])
def test_each_guard_speaks_alone_about_a_refresh(guard):
    told = judge_refresh(evaluation(**(UNHEALTHY | OF_A_REFRESH)[guard]), GUARDS)
    assert spoke(told) == [guard]


@pytest.mark.parametrize("guard", UNHEALTHY)
def test_a_rival_that_has_won_is_asked_what_any_version_is_asked(guard):
    rival = evaluation(**UNHEALTHY[guard])
    assert spoke(judge_rival(rival, GUARDS)) == [guard]


@pytest.mark.parametrize("guard", OF_A_REFRESH)
def test_a_rival_is_meant_to_differ(guard):
    assert spoke(judge_rival(evaluation(**OF_A_REFRESH[guard]), GUARDS)) == []


@pytest.mark.parametrize("guard", UNHEALTHY)
def test_a_first_version_has_nothing_to_be_compared_with_but_itself_and_its_data(guard):
    first = evaluation(
        champion=None, champion_measures=None, disagreement=None, shift=None, **UNHEALTHY[guard]
    )
    assert spoke(judge_first(first, GUARDS)) == ([] if guard == "slices" else [guard])


@pytest.mark.parametrize("judge", [judge_first, judge_refresh, judge_rival])
def test_every_guard_gives_its_word_once_whether_it_holds_or_not(judge):
    names = [reason.guard for reason in judge(evaluation(), GUARDS)]
    assert len(names) == len(set(names))
    assert all(reason.explanation for reason in judge(evaluation(), GUARDS))


@pytest.mark.parametrize("judge", [judge_first, judge_refresh, judge_rival])
def test_every_guard_has_its_line_in_the_page_of_the_guards(judge):
    page = (PROJECT / "docs" / "GUARDS.md").read_text()
    assert [r.guard for r in judge(evaluation(), GUARDS) if f"\n| `{r.guard}` |" not in page] == []


def test_every_bound_stands_in_the_page_of_the_guards():
    page = (PROJECT / "docs" / "GUARDS.md").read_text()
    assert [name for name in Guards.model_fields if f"`{name}`" not in page] == []


@given(st.floats(0, 0.2), st.floats(1e-5, 0.05))
def test_past_refreshes_tighten_the_bound_and_never_widen_it(observed, median):
    alone = judge_refresh(evaluation(disagreement=observed), GUARDS)
    known = judge_refresh(evaluation(disagreement=observed, usual=usual(disagreement=median)), GUARDS)
    assert ("disagreement" in spoke(known)) >= ("disagreement" in spoke(alone))


def test_a_loss_that_may_be_higher_by_chance_holds_and_says_so():
    worse = {"challenger_measures": measures(0.157), "loss_difference": Interval(low=-0.002, high=0.014)}
    told = judge_refresh(evaluation(**worse), GUARDS)
    assert spoke(told) == []
    assert word(told, "harm") == (
        "loss +3.97% against the champion's, which may be chance: by -0.0020 to +0.0140, days counted"
    )


def test_on_a_single_day_nothing_is_put_down_to_chance():
    told = judge_refresh(evaluation(challenger_measures=measures(0.157), loss_difference=None), GUARDS)
    assert spoke(told) == ["harm"]


@pytest.mark.parametrize("judge", [judge_refresh, judge_rival])
def test_in_a_storm_no_version_is_calibrated_and_none_is_blamed(judge):
    storm = evaluation(challenger_measures=measures(0.15, 0.24), champion_measures=measures(0.15, 0.25))
    assert spoke(judge(storm, GUARDS)) == []


@pytest.mark.parametrize("judge", [judge_first, judge_rival])
def test_what_is_no_refresh_has_to_be_calibrated_where_the_champion_is(judge):
    alone = {"challenger_measures": measures(0.15, 0.16)}
    assert spoke(judge(evaluation(**alone), GUARDS)) == ["calibration"]


def test_refreshes_that_never_differ_leave_room_for_a_hair():
    still = usual(disagreement=0.0, shift=0.0)
    assert spoke(judge_refresh(evaluation(disagreement=0.002, shift=0.002, usual=still), GUARDS)) == []


def test_other_features_of_another_recipe_are_no_change_of_history():
    changed = history(changed={"rows": 0.0, "label": 0.0, "dep_hour": 0.9})
    assert spoke(judge_refresh(evaluation(history=changed), GUARDS)) == ["history"]
    of_another = evaluation(history=changed, challenger=version(3, recipe="r2"))
    assert spoke(judge_rival(of_another, GUARDS)) == []


def test_a_category_that_is_gone_speaks_however_few_rows_it_had():
    told = judge_refresh(evaluation(history=history(lost=("airline=HA",))), GUARDS)
    assert spoke(told) == ["history"]
    assert "of airline=HA most rows are gone" in word(told, "history")


def test_changed_history_names_the_column_and_the_way_out():
    told = judge_refresh(evaluation(history=history(changed={"rows": 0.0, "label": 0.27})), GUARDS)
    assert word(told, "history").startswith("of label, 27.00% is different on 229 days")
    assert word(told, "history").endswith("deliver those days by `contender backfill --reason`")


def test_slices_too_small_to_tell_hold_and_say_so():
    told = judge_refresh(evaluation(slices=(part("airline=HA", None), part("airline=OO", None))), GUARDS)
    assert spoke(told) == []
    assert word(told, "slices") == "2 slices have too few rows to tell"


def test_a_slice_that_may_be_worse_by_chance_holds():
    assert spoke(judge_refresh(evaluation(slices=(part("airline=UA", 0.009),)), GUARDS)) == []


def test_a_slice_without_a_loss_of_the_champion_is_not_divided_by_nothing():
    assert spoke(judge_refresh(evaluation(slices=(part("airline=UA", 0.0, champion=0.0),)), GUARDS)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"unusable_predictions": 3},
        {"repeat_difference": 0.01},
        {"challenger": made(reload_difference=0.01)},
    ],
)
def test_numbers_have_to_be_finite_and_the_same_again(changes):
    assert spoke(judge_refresh(evaluation(**changes), GUARDS)) == ["stable"]


def test_released_batches_are_told_and_let_through():
    told = judge_refresh(evaluation(gates=GatedDays(days=230, ungated=(), released=2)), GUARDS)
    assert spoke(told) == []
    assert (
        word(told, "gates")
        == "a gate let all 230 training days through, 2 batches of them by a person's word"
    )


def test_a_broken_behaviour_test_is_named():
    told = judge_refresh(evaluation(behaviour=(check(False),)), GUARDS)
    assert word(told, "behaviour") == "later is later: moves down, bound 0"
