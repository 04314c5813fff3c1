"""### Fit tonight's challengers, judge them, and promote those that may serve.

**train** fits every recipe on newer labelled days and keeps the newest of them out. **evaluate** judges each version,
the champion and the simple baseline on those days. **pair** compares earlier shadow predictions with the outcomes known
since. **decide** asks the guards about the refresh of the champion's recipe, and the sequential test about the other
recipes; **promote** enters the decisions into the ledger, and the champion's alias follows. **score_in_shadow** stores
what all of them would have served.

Where the model's spec wants approval, **approve** waits for a person, and **promote_answered** enters the answer with
the person's name; with nothing to approve, both are skipped.

- The first version of a model must beat the simple baseline.
- A refresh serves unless a guard blocks it; if it is blocked, the champion goes on serving.
- Another recipe serves once its paired days are evidence enough. A recipe that cannot be fitted stays out tonight, and
  a version that cannot predict the evaluated days is held.
- Decisions that need no approval take effect at once: a refresh does not wait for the answer about a new recipe. If
  approval is needed for both, each may be approved or rejected on its own.
- A decision without an answer is rejected after the deadline and the champion goes on serving. The deadline is under a
  day, because the next night's run waits.
- If someone changed the champion before the approval, nothing is promoted: the task fails and says what to clear.
- If the spec's `cadence` is not nightly, **choose_recipes** is skipped in a night in which no fit is due, with the
  reason in its log, and so are **train**, **evaluate**, **decide** and **promote**. The newest versions are still
  paired and scored in shadow. *Fit anyway*, in the form of a manual run, fits nevertheless.
- While a break is open, **choose_recipes** adds the strategies that the spec declares in `recovery`. They are measured
  on days that they scored in shadow, and the best one serves until the refreshes are as good again.
- Manual runs: *Day* is the *night* to train for. Trained again on the same snapshots, the version is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow.sdk import DAG, Param, PartitionedAssetTimetable, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from contender.specs import ModelSpec
from promotion import await_approval, promote
from wiring import (
    CATALOG,
    Json,
    build_each,
    dump_all,
    features_asset,
    gate_and_publish,
    night_dag,
    night_stores,
    run_by,
    run_night,
)

FIT_ANYWAY = Param(
    False, type="boolean", title="Fit anyway", description="Fit in this night, whether a fit is due or not."
)


def build_retrain(model: ModelSpec) -> DAG:
    """The DAG of one model."""
    schedule = PartitionedAssetTimetable(assets=features_asset(model.name))
    with night_dag(
        "retrain",
        model,
        __doc__,
        schedule,
        f"A new challenger for {model.name}, and the decision about it",
        minutes=120,
        form={} if model.cadence.is_nightly else {"fit": FIT_ANYWAY},
    ) as dag:
        chosen = model.strategies or not model.cadence.is_nightly
        recipes = choose_recipes(model.name) if chosen else [recipe.name for recipe in model.recipes]
        fits = train.partial(name=model.name).expand(recipe=recipes)
        versions = collect_fitted(model.name, fits)
        evaluated = evaluate(model.name, versions)
        if not model.cadence.is_nightly:
            recipes >> evaluated  # skipped together
        decided = decide(model.name, evaluated, pair(model.name, versions))
        shadow = score_in_shadow(model.name, versions)
        waiting = promote(model.name, decided)
        waiting >> shadow
        if model.approval.asked:
            await_approval(model, waiting)
        gate_and_publish(shadow)
    return dag


@task
def choose_recipes(name: str) -> list[str]:
    """Choose the recipes to fit tonight: in a break, the strategies for it, too. Skipped if no fit is due."""
    from contender.retraining import NotDue
    from contender.retraining import choose_recipes as choose

    asked_by = (get_current_context()["params"].get("fit") and run_by()) or None
    try:
        return list(choose(night_stores(name), run_night(), asked_by))
    except NotDue as reason:
        raise AirflowSkipException(str(reason)) from None


@task
def train(name: str, recipe: str) -> Json:
    """Fit a recipe on the labelled days before those that it is evaluated on."""
    from contender.retraining import TooFewRows, fit_version

    try:
        return fit_version(night_stores(name), recipe, run_night()).model_dump(mode="json")
    except TooFewRows as error:
        raise AirflowSkipException(str(error)) from None


@task(trigger_rule=TriggerRule.ALL_DONE)
def collect_fitted(name: str, fits: Sequence[Json]) -> list[Json]:
    """Collect tonight's versions in the order of the recipes; if no fit is due, the newest versions."""
    from contender.records import TrainedVersion, read_all
    from contender.retraining import collect_versions

    fitted = read_all(TrainedVersion, fits)
    return dump_all(collect_versions(night_stores(name), run_night(), fitted))


@task
def evaluate(name: str, versions: Sequence[Json]) -> list[Json]:
    """Evaluate tonight's versions, champion and baseline on days that none of them was fitted on."""
    from contender.records import TrainedVersion, read_all
    from contender.retraining import evaluate_versions

    return dump_all(evaluate_versions(night_stores(name), read_all(TrainedVersion, versions)))


@task
def pair(name: str, versions: Sequence[Json]) -> list[Json]:
    """Pair shadow predictions with the outcomes known by tonight, and compute the evidence so far."""
    from contender.records import TrainedVersion, read_all
    from contender.retraining import pair_streams

    return dump_all(pair_streams(night_stores(name), run_night(), read_all(TrainedVersion, versions)))


@task
def decide(name: str, evaluations: Sequence[Json], evidence: Sequence[Json]) -> list[Json]:
    """Decide about each version with the guards and the sequential test."""
    from contender.records import Evaluation, Evidence, read_all
    from contender.retraining import decide as decide_night

    evaluated, found = read_all(Evaluation, evaluations), read_all(Evidence, evidence)
    return dump_all(decide_night(night_stores(name), evaluated, found))


@task(trigger_rule=TriggerRule.NONE_FAILED)
def score_in_shadow(name: str, versions: Sequence[Json]) -> Json:
    """Stage what tonight's versions, the champion and an older champion predict for the same rows."""
    from contender.records import TrainedVersion, read_all
    from contender.retraining import score_in_shadow as stage_shadow

    tonight = read_all(TrainedVersion, versions)
    return stage_shadow(night_stores(name), run_night(), tonight).model_dump(mode="json")


build_each(CATALOG.models, "retrain", build_retrain)
