"""Weigh guards that compare a refresh with the past against evidence about the champion.

When the world changes, a refresh that learns the change must differ from the champion: it has other rows, and other
predictions. These guards take such a difference for harm, and the champion that they compare with stands still, so
they would block all further refreshes. Other predictions are no reason to block a refresh that is no worse on the
evaluated days, which none of the versions was trained on. Other rows are none if it is better there, or no worse after
many nights without a refresh or while monitoring finds that the champion has become worse.

Wrong labels make a refresh look better, too, so losses alone do not outweigh a doubt about labels. But they leave the
inputs as they are: when many inputs changed with the outcomes, the world is what changed.

A behaviour test with bounds states how the world is. After a break it may state how the world was, and would then block
every version that has learned the new one. The outcomes of the rows it tests tell: if they contradict the bound
themselves, predictions that agree with them are no fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from contender.records import Evaluation, Reason, Standing
from contender.specs import Guards

# Differences between predictions of evaluated rows, whose outcomes tell whether the refresh is worse.
OF_PREDICTIONS = frozenset({"disagreement", "shift"})
COMPARING_WITH_THE_PAST = frozenset({"training_rows", "training_days", "history"}) | OF_PREDICTIONS
# A lower loss on the evaluated days is no evidence against this guard, which doubts their labels.
DOUBTING_LABELS = frozenset({"outcomes"})
BEHAVIOUR = "behaviour"


def weigh(
    reasons: Sequence[Reason], evaluation: Evaluation, guards: Guards, standing: Standing | None
) -> tuple[Reason, ...]:
    """Return the results of guards, of which those that compare with the past pass if the evidence outweighs them.

    `standing` tells how many nights in a row refreshes were held, and whether a break is open.
    """
    no_worse = _describe_no_worse(evaluation)
    waited = broke = all_broke = None
    if no_worse and standing and standing.held_nights >= guards.max_held_nights:
        waited = f"refreshes were held for {standing.held_nights} nights in a row, and {no_worse}"
    if no_worse and standing and standing.broken:
        broke = f"the world changed in night {standing.broken}, and {no_worse}"
        all_broke = f"inputs changed with the outcomes: {broke}" if standing.inputs_broke else None
    outweighed = {
        **dict.fromkeys(COMPARING_WITH_THE_PAST, _is_better(evaluation) or waited or broke),
        **dict.fromkeys(OF_PREDICTIONS, no_worse),
        **dict.fromkeys(DOUBTING_LABELS, waited or all_broke),
        BEHAVIOUR: _add_contradictions(waited or broke, evaluation),
    }
    return tuple(_outweigh(reason, outweighed.get(reason.guard)) for reason in reasons)


def weigh_in_break(
    reasons: Sequence[Reason], evaluation: Evaluation, broken: date | None, proof: str | None
) -> tuple[Reason, ...]:
    """Return the results of guards of a version for a break: evidence may outweigh its behaviour tests.

    Outcomes outweigh tests that they contradict. Such a version is compared with others on later days, so it need not
    be better than the champion on the evaluated ones; `proof` states that it was better on later ones, and outweighs
    any test.
    """
    evidence = proof or _add_contradictions(
        f"the world changed in night {broken}" if broken else None, evaluation
    )
    return tuple(_outweigh(one, evidence if one.guard == BEHAVIOUR else None) for one in reasons)


def _add_contradictions(evidence: str | None, evaluation: Evaluation) -> str | None:
    """Return the evidence with the outcomes that contradict each failed behaviour test, or None if one stands."""
    failed = [check for check in evaluation.behaviour if not check.passed]
    if evidence is None or not all(check.contradicted for check in failed):
        return None
    listed = "; ".join(
        f"{check.name!r} {check.outcomes.low:.4g} to {check.outcomes.high:.4g}"
        for check in failed
        if check.outcomes is not None
    )
    return f"{evidence}, and outcomes contradict the failed tests (95 % intervals of their means: {listed})"


def _outweigh(reason: Reason, evidence: str | None) -> Reason:
    if reason.passed or evidence is None:
        return reason
    explanation = f"{reason.explanation}. Outweighed: {evidence}"
    return reason.model_copy(update={"passed": True, "explanation": explanation})


def _is_better(evaluation: Evaluation) -> str | None:
    """Return the evidence that the refresh is better than the champion, or None."""
    ours, champion = evaluation.challenger_measures, evaluation.champion_measures
    interval = evaluation.loss_difference
    if champion is None or evaluation.failure is not None or interval is None or interval.high >= 0:
        return None
    return (
        f"the loss is significantly lower than the champion's on the evaluated days, by "
        f"{ours.loss - champion.loss:+.4f} (95 % interval {interval.low:+.4f} to {interval.high:+.4f})"
    )


def _describe_no_worse(evaluation: Evaluation) -> str | None:
    """Return the evidence that the champion is no better than the refresh, or None."""
    ours, champion = evaluation.challenger_measures, evaluation.champion_measures
    if champion is None or evaluation.failure is not None or ours.loss > champion.loss:
        return None
    return (
        "the champion is no better on the evaluated days: the loss differs from its by "
        f"{ours.loss - champion.loss:+.4f}"
    )
