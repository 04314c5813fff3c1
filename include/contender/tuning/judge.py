"""Judge a search: the recipe that it proposes, if any, and why."""

from __future__ import annotations

from contender.specs import Recipe
from contender.specs.frozen import Frozen
from contender.tuning.figures import Tuned
from contender.tuning.space import change


class Proposal(Frozen):
    """A recipe to add beside the present one; None if the search found no better one."""

    search: Tuned
    recipe: Recipe | None
    reason: str


def judge(found: Tuned) -> Proposal:
    """Return what a search proposes. It never replaces a recipe: a proposed one competes as a rival."""
    best, held = found.best, found.held
    failures = [trial.failure for trial in found.trials if trial.failure]
    if found.trials and len(failures) == len(found.trials):
        reason = f"every trial failed, the first one with: {failures[0]}"
        return Proposal(search=found, recipe=None, reason=reason)
    if best is None or held is None:
        reason = f"none of {len(found.trials)} trials had a lower loss than the recipe as it is"
        return Proposal(search=found, recipe=None, reason=reason)
    interval = held.interval
    ends = "" if interval is None else f" (95 % interval {interval.low:+.5f} to {interval.high:+.5f})"
    said = (
        f"on {found.confirmed.first} to {found.confirmed.last}, which no trial was chosen by, the loss of the best "
        f"trial is {held.value:+.5f} beside that of the recipe as it is{ends}"
    )
    if held.value >= 0:
        return Proposal(search=found, recipe=None, reason=f"{said}: it is not lower")
    tuned = change(found.recipe, best.changes).model_copy(update={"name": f"{found.recipe.name}_tuned"})
    beyond_chance = interval is not None and interval.high < 0
    return Proposal(
        search=found,
        recipe=tuned,
        reason=f"{said}: it is lower{'' if beyond_chance else ', perhaps by chance'}",
    )
