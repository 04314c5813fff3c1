"""In a break, the strategy with the lowest loss on the newest days serves, until refreshes are as good again."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.promoting import decide_night, needs_approval, shadow_streams
from contender.promoting.recovery import add_break
from contender.promoting.strategies import (
    DAYS_COMPARED,
    DAYS_TO_CLOSE,
    ERRORS_TO_LEAVE_REFRESHES,
    FEWEST_DAYS,
    TOLERANCE,
    choose_strategy,
    find_break,
    measure_strategies,
)
from contender.records import KEPT, BehaviourCheck, Interval, Monitored, PairedDay, Standing, name_strategy
from contender.specs import BASELINE, Approval, Guards, Recipe, Recovery
from tests.unit.judged import evaluation, version

REFRESH, SHORT = "r1", name_strategy("short")
FIRST = date(2013, 9, 1)
BREAK = Standing(champion=1, since=date(2013, 3, 1), suspended=None, recipe=REFRESH, broken=FIRST, kept=1)
DAILY = st.lists(st.floats(0.01, 10), min_size=5, max_size=5)
LOSSES = st.dictionaries(st.sampled_from("abcde"), DAILY, min_size=1)


@pytest.fixture
def model(catalog):
    recovery = Recovery(recipes=(Recipe(name="short", window_days=14),))
    return catalog.model("flight_delay").model_copy(update={"recovery": recovery})


def pairs(rival: str, losses: list[float], refreshed: float = 1.0, begin: int = 1) -> list[PairedDay]:
    return [
        PairedDay(
            id=f"{rival} {nth}",
            model="flight_delay",
            question="recovery",
            day=FIRST + timedelta(days=begin + nth),
            incumbent=REFRESH,
            rival=rival,
            incumbent_version=2,
            rival_version=3,
            incumbent_loss=refreshed,
            rival_loss=loss,
            rows=100,
        )
        for nth, loss in enumerate(losses)
    ]


def strategy(number: int, recipe: str = "short"):
    return version(number, recipe=f"of {recipe}").model_copy(update={"recipe": recipe, "strategy": True})


def decide(model, *paired, standing=BREAK, champion=None, tonight=(2, 3), behaviour=()):
    """The decision of a night with a refresh, version 2, and a version of the strategy, version 3."""
    champion = champion or version(1)
    made = {2: version(2), 3: strategy(3)}
    evaluations = [
        evaluation(id=f"e{n}", challenger=made[n], champion=champion, behaviour=behaviour) for n in tonight
    ]
    together = sorted((pair for own in paired for pair in own), key=lambda pair: pair.day)
    evidence = measure_strategies(model, standing, together)
    (decision,) = decide_night(evaluations, evidence, standing, Guards())
    return decision


def monitored(*verdicts: str) -> list[Monitored]:
    return [
        Monitored(
            id=str(nth),
            model="flight_delay",
            day=FIRST + timedelta(days=nth),
            version=1,
            measures=None,
            expected_loss=None,
            verdict=verdict,
            action="none",
        )
        for nth, verdict in enumerate(verdicts)
    ]


def test_the_strategy_with_the_lowest_loss_serves(model):
    decision = decide(model, pairs(KEPT, [0.9] * 7), pairs(SHORT, [0.7] * 7))
    assert (decision.kind, decision.champion_after) == ("recovered", 3)
    assert "strategy short 0.7000" in decision.reasons[0].explanation


def test_the_version_from_before_the_break_can_serve_again(model):
    standing = BREAK.model_copy(update={"champion": 9})
    paired = (pairs(KEPT, [0.7] * 7), pairs(SHORT, [0.9] * 7))
    decision = decide(model, *paired, standing=standing, champion=strategy(9))
    assert (decision.kind, decision.champion_after, decision.evaluation) == ("recovered", 1, None)


def test_the_version_from_before_the_break_keeps_serving_while_it_is_best(model):
    decision = decide(model, pairs(KEPT, [0.7] * 7), pairs(SHORT, [0.9] * 7))
    assert (decision.kind, decision.champion_after) == ("held", 1)


def test_the_refresh_can_be_the_best(model):
    decision = decide(model, pairs(KEPT, [1.5] * 7), pairs(SHORT, [1.4] * 7))
    assert (decision.kind, decision.champion_after) == ("recovered", 2)


def test_a_lead_within_a_standard_error_changes_nothing(model):
    decision = decide(model, pairs(KEPT, [0.9] * 7), pairs(SHORT, [0.4, 1.3, 0.4, 1.3, 0.4, 1.3, 0.9]))
    assert (decision.kind, decision.champion_after) == ("held", 1)


def test_the_baseline_is_not_chosen_while_a_declared_strategy_can_serve(model):
    paired = (pairs(name_strategy(BASELINE), [0.1] * 7), pairs(SHORT, [0.7] * 7))
    assert decide(model, *paired).champion_after == 3


def test_the_serving_strategy_stays_if_every_version_of_the_night_is_blocked(model):
    standing = BREAK.model_copy(update={"champion": 9})
    paired = (pairs(KEPT, [0.9] * 7), pairs(SHORT, [0.7] * 7))
    decision = decide(model, *paired, standing=standing, champion=strategy(9), behaviour=(FALLS,))
    assert (decision.kind, decision.champion_after) == ("held", 9)


def test_a_strategy_passes_a_behaviour_test_that_states_how_the_world_was(model):
    failed = BehaviourCheck(
        name="regulars return", kind="minimum", passed=False, observed=0.5, bound=0.85, explanation=""
    )
    paired = (pairs(KEPT, [0.9] * 7), pairs(SHORT, [0.7] * 7))
    assert decide(model, *paired, behaviour=(failed,)).champion_after == 1
    contradicted = failed.model_copy(update={"outcomes": Interval(low=0.45, high=0.6)})
    decision = decide(model, *paired, behaviour=(contradicted,))
    assert decision.champion_after == 3
    assert "'regulars return' 0.45 to 0.6" in "".join(reason.explanation for reason in decision.reasons)


FALLS = BehaviourCheck(
    name="rises", kind="direction", passed=False, observed=-1, bound=0, explanation="falls"
)


@pytest.mark.parametrize(
    ("inputs_broke", "losses", "serving"),
    [
        (True, [0.7] * 7, 3),
        (False, [0.7] * 7, 1),
        (True, [0.1, 1.3, 0.1, 1.3, 0.1, 1.3, 0.1], 1),
    ],
    ids=[
        "inputs and outcomes changed",
        "only outcomes changed: labels may be wrong",
        "within two standard errors",
    ],
)
def test_later_days_outweigh_a_behaviour_test_if_inputs_changed_too(model, inputs_broke, losses, serving):
    standing = BREAK.model_copy(update={"inputs_broke": inputs_broke})
    paired = (pairs(KEPT, [0.9] * 7), pairs(SHORT, losses))
    assert decide(model, *paired, standing=standing, behaviour=(FALLS,)).champion_after == serving


def test_a_break_stays_open_while_refreshes_pass_only_because_of_it(model):
    standing = BREAK.model_copy(update={"inputs_broke": True, "champion": 9})
    paired = (pairs(KEPT, [1.5] * 14), pairs(SHORT, [1.0] * 14))
    usual = decide(model, *paired, standing=standing, champion=strategy(9))
    assert (usual.kind, usual.champion_after) == ("returned", 2)
    proven = decide(model, *paired, standing=standing, champion=strategy(9), behaviour=(FALLS,))
    assert (proven.kind, proven.champion_after) == ("recovered", 3)


def test_outcomes_that_are_known_late_make_a_lead_less_certain():
    losses = {"refresh": [1.0, 1.2, 1.0, 1.2], "short": [0.9, 0.9, 1.0, 1.0]}
    assert choose_strategy(losses, "refresh", "refresh", lag=1) == "short"
    assert choose_strategy(losses, "refresh", "refresh", lag=7) == "refresh"


def test_a_night_is_decided_as_usual_before_strategies_are_measured(model):
    decision = decide(model, pairs(KEPT, [0.7] * (FEWEST_DAYS - 1)), pairs(SHORT, [0.9] * (FEWEST_DAYS - 1)))
    assert (decision.kind, decision.champion_after) == ("refreshed", 2)


def test_a_strategy_without_a_score_on_a_compared_day_is_not_measured(model):
    late = pairs(SHORT, [0.1] * 6, begin=2)
    (found,) = measure_strategies(model, BREAK, pairs(KEPT, [0.9] * 7) + late)
    assert found.rival == KEPT


def test_only_the_newest_days_are_compared(model):
    (found,) = measure_strategies(model, BREAK, pairs(KEPT, [9.0] * 5 + [0.5] * DAYS_COMPARED))
    assert (found.value, found.days) == (0.5, 5 + DAYS_COMPARED)


def test_a_strategy_that_could_not_be_fitted_does_not_serve(model):
    decision = decide(model, pairs(KEPT, [0.9] * 7), pairs(SHORT, [0.1] * 7), tonight=(2,))
    assert decision.champion_after == 1


def test_a_strategy_that_a_guard_of_facts_blocks_does_not_serve(model):
    paired = pairs(KEPT, [0.9] * 7) + pairs(SHORT, [0.1] * 7)
    evaluations = [
        evaluation(id="e2"),
        evaluation(id="e3", challenger=strategy(3).model_copy(update={"repeated_rows": 4})),
    ]
    (decision,) = decide_night(evaluations, measure_strategies(model, BREAK, paired), BREAK, Guards())
    assert decision.champion_after == 1


@pytest.mark.parametrize(
    ("days", "loss", "kind"),
    [
        (DAYS_TO_CLOSE, 1 - TOLERANCE / 2, "returned"),
        (DAYS_TO_CLOSE, 1 - TOLERANCE * 2, "recovered"),
        (DAYS_TO_CLOSE - 1, 1.0, "recovered"),
    ],
)
def test_the_break_is_over_once_refreshes_are_as_good_after_two_weeks(model, days, loss, kind):
    standing = BREAK.model_copy(update={"champion": 9})
    paired = [pairs(name, [loss] * days) for name in (KEPT, SHORT)]
    decision = decide(model, *paired, standing=standing, champion=strategy(9))
    assert (decision.kind, decision.champion_after) == (kind, 2 if kind == "returned" else 3)


def test_the_break_is_not_over_when_losses_only_cross(model):
    standing = BREAK.model_copy(update={"champion": 9})
    crossing = [0.5] * (DAYS_TO_CLOSE - 5) + [1.5] * 5
    paired = (pairs(KEPT, crossing), pairs(SHORT, crossing))
    assert decide(model, *paired, standing=standing, champion=strategy(9)).kind == "recovered"


def test_refreshes_return_if_a_strategy_serves_without_a_break(model):
    closed = BREAK.model_copy(update={"champion": 3, "broken": None, "kept": None})
    decision = decide(model, standing=closed, champion=strategy(3), tonight=(2,))
    assert (decision.kind, decision.champion_after) == ("returned", 2)


def test_a_strategy_needs_approval_where_new_recipes_do(model):
    decision = decide(model, pairs(KEPT, [0.9] * 7), pairs(SHORT, [0.7] * 7))
    assert needs_approval(decision, Approval(new_recipes=True))
    assert not needs_approval(decision, Approval(refreshes=True))


def test_strategies_and_the_kept_version_score_in_shadow_under_their_own_names():
    streams = shadow_streams(BREAK, [version(2), strategy(3)], kept_still=None)
    assert streams == {REFRESH: 2, SHORT: 3, "champion": 1, KEPT: 1}


@pytest.mark.parametrize(
    ("verdicts", "began"),
    [
        (["stable", "regime_break", "regime_break"], 1),
        (["stable", "concept_drift", "stable", "regime_break"], 1),
        (["stable", "covariate_drift", "broken_feed"], None),
        (["concept_drift", "regime_break", "stable"], None),  # began before
    ],
)
def test_a_verdict_that_begins_opens_a_break(verdicts, began):
    acts_on = ("concept_drift", "regime_break")
    found = find_break(monitored(*verdicts), acts_on, closed=FIRST)
    assert found == (None if began is None else FIRST + timedelta(days=began))


def test_a_verdict_that_is_only_advice_opens_no_break():
    assert find_break(monitored("stable", "regime_break"), ("concept_drift",), closed=FIRST) is None


def test_the_break_names_the_version_that_served(model):
    usual = BREAK.model_copy(update={"broken": None, "kept": None})
    past = monitored("stable", "stable", "concept_drift")
    found = add_break(model, usual, past, FIRST, {FIRST + timedelta(days=2): 7}.get)
    assert (found.broken, found.kept) == (FIRST + timedelta(days=2), 7)


def test_the_break_says_whether_inputs_changed_with_the_outcomes(model):
    standing = Standing(champion=7, since=FIRST, suspended=None)

    def inputs_broke(*verdicts: str) -> bool:
        past = monitored("stable", "stable", *verdicts)
        return add_break(model, standing, past, FIRST, lambda _: 4).inputs_broke

    assert inputs_broke("concept_drift", "regime_break", "concept_drift")
    assert not inputs_broke("covariate_drift", "concept_drift", "concept_drift")


def test_no_break_is_open_while_a_person_has_suspended_refreshes(model):
    suspended = BREAK.model_copy(update={"broken": None, "kept": None, "suspended": "ann rolled back"})
    assert add_break(model, suspended, monitored("stable", "concept_drift"), FIRST, lambda _: 7) == suspended


@given(losses=LOSSES, serving=st.sampled_from("abcde"))
def test_the_chosen_strategy_leads_or_is_within_a_standard_error_of_the_leader(losses, serving):
    chosen = choose_strategy(losses, serving, "b")
    leader = min(losses, key=lambda name: fmean(losses[name]))
    ahead = [theirs - ours for theirs, ours in zip(losses[chosen], losses[leader], strict=True)]
    margin = ERRORS_TO_LEAVE_REFRESHES if chosen == "b" else 1
    assert fmean(ahead) <= margin * stdev(ahead) / len(ahead) ** 0.5 + 1e-9
    assert chosen == serving or fmean(ahead) <= 1e-9


@given(losses=LOSSES, serving=st.sampled_from("abcde"), power=st.integers(-8, 8))
def test_the_unit_of_the_loss_does_not_matter(losses, serving, power):
    scaled = {name: [loss * 2.0**power for loss in days] for name, days in losses.items()}
    assert choose_strategy(scaled, serving, "b") == choose_strategy(losses, serving, "b")


@given(losses=LOSSES)
def test_a_choice_that_serves_is_chosen_again(losses):
    chosen = choose_strategy(losses, "a", "b")
    assert choose_strategy(losses, chosen, "b") == chosen
