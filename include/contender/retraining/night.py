"""All steps of a night in order, for callers without a scheduler."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from contender.promoting import decide_night
from contender.records import Decision, Evaluation, Evidence, StagedBatch, TrainedVersion
from contender.retraining.due import NotDue, choose_recipes, find_newest
from contender.retraining.steps import (
    Decide,
    decide,
    evaluate_versions,
    fit_version,
    order_versions,
    pair_streams,
    promote,
    score_in_shadow,
)
from contender.retraining.stores import NightStores
from contender.training import TrainingError

log = logging.getLogger(__name__)


class Night(NamedTuple):
    """The results of a night's steps; without evaluations if no fit was due."""

    versions: tuple[TrainedVersion, ...]
    evidence: tuple[Evidence, ...]
    evaluations: tuple[Evaluation, ...]
    entered: tuple[Decision, ...]
    waiting: tuple[Decision, ...]
    shadow: StagedBatch | None


def run_night(
    stores: NightStores, night: date, recipes: Sequence[str] | None = None, policy: Decide = decide_night
) -> Night:
    """Run a night's steps in order, as a retrain DAG does, for all recipes or those named.

    A recipe that cannot be fitted is skipped. If no fit is due, the newest versions are paired and scored in shadow.
    Raises TrainingError if no recipe can be fitted, and EvaluationError if
    there are no rows to evaluate on: days are paired by then, but nothing is decided or scored in shadow.
    """
    try:
        names = [name for name in choose_recipes(stores, night) if recipes is None or name in recipes]
    except NotDue:
        return _continue(stores, night)
    versions = _fit_all(stores, names, night)
    evidence = pair_streams(stores, night, versions)
    evaluations = evaluate_versions(stores, versions)
    promoted = promote(stores, decide(stores, evaluations, evidence, policy))
    shadow = score_in_shadow(stores, night, versions)
    return Night(versions, evidence, evaluations, *promoted, shadow)


def _continue(stores: NightStores, night: date) -> Night:
    """Pair and score the newest versions in a night in which no fit is due."""
    versions = find_newest(stores, night)
    evidence = pair_streams(stores, night, versions)
    return Night(versions, evidence, (), (), (), score_in_shadow(stores, night, versions))


def _fit_all(stores: NightStores, recipes: Sequence[str], night: date) -> tuple[TrainedVersion, ...]:
    fitted, failures = [], []
    for recipe in recipes:
        try:
            fitted.append(fit_version(stores, recipe, night))
        except TrainingError as error:
            log.warning("recipe %r is skipped: %s", recipe, error)
            failures.append(error)
    if failures and not fitted:
        raise failures[-1]
    return order_versions(stores.model, fitted)
