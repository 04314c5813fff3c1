"""Weigh guards that compare a refresh with the past against evidence about the champion.

When the world changes, a refresh that learns the change must differ from the champion: it has other rows, and other
predictions. These guards take such a difference for harm, and the champion that they compare with stands still, so
they would block all further refreshes. The difference is no reason to block a refresh that is better on the evaluated
days, which none of the versions was trained on; nor one that is no worse there, after many nights without a refresh.
"""

from __future__ import annotations

from collections.abc import Sequence

from contender.records import Evaluation, Reason
from contender.specs import Guards

COMPARING_WITH_THE_PAST = frozenset({"training_rows", "training_days", "history", "disagreement", "shift"})


def weigh(
    reasons: Sequence[Reason], evaluation: Evaluation, guards: Guards, held_nights: int
) -> tuple[Reason, ...]:
    """Return the results of guards, of which those that compare with the past pass if the evidence outweighs them.

    `held_nights` is the number of nights in a row in which refreshes were held.
    """
    evidence = _against_holding(evaluation, guards, held_nights)
    if evidence is None:
        return tuple(reasons)
    return tuple(
        reason.model_copy(
            update={"passed": True, "explanation": f"{reason.explanation}. Outweighed: {evidence}"}
        )
        if reason.guard in COMPARING_WITH_THE_PAST and not reason.passed
        else reason
        for reason in reasons
    )


def _against_holding(evaluation: Evaluation, guards: Guards, held_nights: int) -> str | None:
    """Return the evidence that holding this refresh would be a mistake, or None."""
    ours, champion = evaluation.challenger_measures, evaluation.champion_measures
    interval = evaluation.loss_difference
    if champion is None or evaluation.failure is not None:
        return None
    difference = f"{ours.loss - champion.loss:+.4f}"
    if interval is not None and interval.high < 0:
        return (
            f"the loss is significantly lower than the champion's on the evaluated days, by {difference} "
            f"(95 % interval {interval.low:+.4f} to {interval.high:+.4f})"
        )
    if held_nights >= guards.max_held_nights and ours.loss <= champion.loss:
        return (
            f"refreshes were held for {held_nights} nights in a row, and the champion is no better on the evaluated "
            f"days: the loss differs from its by {difference}"
        )
    return None
