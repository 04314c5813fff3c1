"""The steps of a night, in order; each takes records and returns records."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from contender.evaluating import days_to_pair
from contender.promoting import (
    compute_evidence,
    decide_night,
    family_begins,
    incumbent_stream,
    shadow_streams,
    split_by_approval,
    still_since,
)
from contender.records import Decision, Evaluation, Evidence, Standing, TrainedVersion
from contender.retraining.stores import NightStores, RaceStores, ShadowStores, Staged
from contender.specs import Guards, ModelSpec
from contender.training import TrainingError

log = logging.getLogger(__name__)

Decide = Callable[[Sequence[Evaluation], Sequence[Evidence], Standing | None, Guards], tuple[Decision, ...]]


class Promoted(NamedTuple):
    """A night's decisions: those that were entered, and those that wait for a person."""

    entered: tuple[Decision, ...]
    waiting: tuple[Decision, ...]


def list_recipes(stores: RaceStores) -> tuple[str, ...]:
    """Return the names of the recipes to fit tonight: those of every night, and in a break the strategies."""
    standing = stores.standing()
    broken = standing is not None and standing.broken is not None
    return tuple(recipe.name for recipe in (stores.model.all_recipes if broken else stores.model.recipes))


def fit_version(stores: NightStores, recipe: str, night: date) -> TrainedVersion:
    """Fit a recipe on the labelled days before the evaluated ones. Raises TrainingError."""
    return stores.fit(stores.model.recipe(recipe), night)


def order_versions(model: ModelSpec, fitted: Sequence[TrainedVersion]) -> tuple[TrainedVersion, ...]:
    """Return tonight's versions in the order of the model's recipes. Raises TrainingError if there is none."""
    if not fitted:
        raise TrainingError(
            f"{model.name}: no recipe could be fitted: the champion keeps serving; see the errors of the `train` tasks"
        )
    by_recipe = {version.recipe: version for version in fitted}
    return tuple(by_recipe[recipe.name] for recipe in model.all_recipes if recipe.name in by_recipe)


def pair_streams(
    stores: NightStores, night: date, versions: Sequence[TrainedVersion]
) -> tuple[Evidence, ...]:
    """Pair shadow predictions with the outcomes that are known, and compute the evidence of all pairs so far."""
    standing = stores.standing()
    if standing is None:
        return ()
    days = days_to_pair(stores.model, night, standing.since)
    if days is not None:
        incumbent = incumbent_stream(standing, stores.version(standing.champion), versions)
        stores.pair(days, standing.champion, incumbent)
    return compute_night_evidence(stores, versions)


def compute_night_evidence(stores: RaceStores, versions: Sequence[TrainedVersion]) -> tuple[Evidence, ...]:
    """Return the evidence of the paired days since the tests started; empty without a champion."""
    standing = stores.standing()
    if standing is None:
        return ()
    incumbent = incumbent_stream(standing, stores.version(standing.champion), versions)
    pairs = stores.pairs(family_begins(stores.model, standing))
    return compute_evidence(stores.model, standing, incumbent, pairs)


def evaluate_versions(stores: NightStores, versions: Sequence[TrainedVersion]) -> tuple[Evaluation, ...]:
    """Evaluate tonight's versions, the champion and the baseline on days that none of them was trained on.

    A version that cannot predict their rows does not stop the others: its evaluation says why, and its guards hold it.
    Raises EvaluationError if those days have no labelled rows.
    """
    evaluations = tuple(stores.evaluate(version) for version in versions)
    for evaluation in evaluations:
        if evaluation.failure is not None:
            version = evaluation.challenger
            log.warning(
                "%s: version %d of recipe %r cannot predict the evaluated rows: %s",
                version.model,
                version.version,
                version.recipe,
                evaluation.failure,
            )
    return evaluations


def decide(
    stores: RaceStores,
    evaluations: Sequence[Evaluation],
    evidence: Sequence[Evidence],
    policy: Decide = decide_night,
) -> tuple[Decision, ...]:
    """Decide on tonight's versions with a policy; by default, that of the DAGs."""
    return policy(evaluations, evidence, stores.standing(), stores.model.guards)


def promote(stores: NightStores, decisions: Sequence[Decision]) -> Promoted:
    """Enter the decisions that need no approval, and update the champion. Raises StaleDecision."""
    at_once, waiting = split_by_approval(decisions, stores.model.approval)
    return Promoted(tuple(entry.decision for entry in stores.enter(at_once)), waiting)


def score_in_shadow(stores: ShadowStores[Staged], night: date, versions: Sequence[TrainedVersion]) -> Staged:
    """Let tonight's versions, the champion and an older champion predict the rows that this night scores."""
    standing = stores.standing()
    then = still_since(stores.model, standing, night)
    kept_still = None if then is None else stores.served_on(then)
    return stores.score_in_shadow(night, shadow_streams(standing, versions, kept_still))
