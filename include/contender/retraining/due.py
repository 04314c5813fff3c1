"""Whether a night fits the model, by its cadence, and the versions that score in shadow if it does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from contender.errors import PermanentError
from contender.records import FitVerdict, TrainedVersion
from contender.retraining.cadence import judge_fit
from contender.retraining.steps import list_recipes, order_versions
from contender.retraining.stores import NightStores


class NotDue(PermanentError):  # noqa: N818 - it is a state, not a mistake
    """No fit is due in a night; the message says why."""


def judge_night(stores: NightStores, night: date) -> FitVerdict:
    """Return whether a fit is due in a night: what its first run found, or else by the records of earlier nights."""
    model = stores.model
    if model.cadence.is_nightly:
        return FitVerdict(model=model.name, night=night, due=True, why="the model is fitted every night")
    if (kept := stores.fit_verdict(night)) is not None:
        return kept
    due, why = judge_fit(model.cadence, stores.fit_facts(night))
    return FitVerdict(model=model.name, night=night, due=due, why=why)


def choose_recipes(stores: NightStores, night: date, asked_by: str | None = None) -> tuple[str, ...]:
    """Return the names of the recipes that a night fits, and keep the verdict. Raises NotDue.

    `asked_by` is a person who asks for a fit whether it is due or not.
    """
    verdict = judge_night(stores, night)
    if not verdict.due and asked_by is not None:
        changed = {"due": True, "why": f"{asked_by} asked for a fit", "asked_by": asked_by}
        verdict = verdict.model_copy(update=changed)
    if not stores.model.cadence.is_nightly:
        verdict = stores.keep_verdict(verdict)
    if not verdict.due:
        raise NotDue(f"{verdict.model}: no fit is due in night {night}: {verdict.why}")
    return list_recipes(stores)


def collect_versions(
    stores: NightStores, night: date, fitted: Sequence[TrainedVersion]
) -> tuple[TrainedVersion, ...]:
    """Return the versions that a night pairs and scores in shadow: tonight's, or if no fit is due, the newest ones.

    Raises TrainingError if a fit is due and no recipe could be fitted.
    """
    if judge_night(stores, night).due:
        return order_versions(stores.model, fitted)
    return find_newest(stores, night)


def find_newest(stores: NightStores, night: date) -> tuple[TrainedVersion, ...]:
    """Return the versions of the last fit before a night, in the order of the model's recipes, without strategies."""
    newest = {one.recipe: one for one in stores.last_fitted(night)}
    return tuple(newest[recipe.name] for recipe in stores.model.recipes if recipe.name in newest)
