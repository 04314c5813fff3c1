"""### Tonight's challengers: fitted, judged, and let in by what they have earned.

**train** fits every recipe on newer labelled days and keeps the newest of them out. **evaluate** judges each version,
the champion and the simple baseline on those days. **pair** holds what was scored in the shadow against outcomes that
are known since. **decide** asks the guards about the champion recipe's refresh, and the race about the other recipes;
**promote** enters the decisions into the ledger, and the alias follows it. **score_in_shadow** keeps what all of them
would serve.

Where the spec wants it, **approve** waits for a person, and **promote_answered** enters the answer, with the name, into
the ledger; with nothing to ask, both are skipped.

- The first version of all has to beat the simple baseline.
- A refresh serves unless a guard speaks; one that is held back harms nobody: the champion serves on.
- Another recipe serves once its paired days are evidence enough. One that crashes tonight stays out tonight.
- What needs nobody's approval serves at once: a refresh does not wait for the answer about a new recipe. Where both are
  asked about, both answers are awaited, and either may be refused.
- Nobody's answer is a no: the champion serves on. The time-out is under a day, for the next night's run waits, too.
- Approved after another hand changed the champion, a version does not serve: the task fails and says so.
- By hand: a day is the *night* to train for; trained again on the same snapshots, it is the same version.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow.sdk import DAG, PartitionedAssetTimetable, TriggerRule, task
from airflow.sdk.exceptions import AirflowFailException

from contender.specs import Days, ModelSpec
from promotion import await_approval, promote
from wiring import (
    CATALOG,
    Json,
    build_each,
    features_asset,
    gate_and_publish,
    night_dag,
    open_installation,
    open_stores,
    run_night,
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
    ) as dag:
        fits = train.partial(name=model.name).expand(recipe=[recipe.name for recipe in model.recipes])
        versions = collect_fitted(model.name, fits)
        decided = decide(model.name, evaluate(model.name, versions), pair(model.name, versions))
        shadow = score_in_shadow(model.name, versions)
        waiting = promote(model.name, decided)
        waiting >> shadow
        if model.approval.asked:
            await_approval(model, waiting)
        gate_and_publish(shadow)
    return dag


@task
def train(name: str, recipe: str) -> Json:
    """Fit a recipe on the labelled days before those it is judged on."""
    from contender.promoting import follow_ledger
    from contender.registry import UnsafeModel
    from contender.training import TrainingError, keep_environment, note_released
    from contender.training import train as fit

    lake, registry, book = open_stores()
    model, night = CATALOG.model(name), run_night()
    follow_ledger(name, book, registry)
    try:
        version = fit(CATALOG, model, model.recipe(recipe), night, lake, registry)
    except (TrainingError, UnsafeModel) as error:  # the same rows and files would fail in the same way
        raise AirflowFailException(str(error)) from error
    keep_environment(book)
    for caveat in note_released(CATALOG, version, book.acts.newest(limit=1000)):
        book.caveats.add(caveat)
    return version.model_dump(mode="json")


@task(trigger_rule=TriggerRule.ALL_DONE)
def collect_fitted(name: str, fits: Sequence[Json]) -> list[Json]:
    """Go on with the recipes that could be fitted tonight, in their order; a crash of one harms no other."""
    fitted = {version["recipe"]: version for version in fits}
    if not fitted:
        raise AirflowFailException(f"{name}: no recipe could be fitted; the champion serves on; see `train`")
    return [fitted[recipe.name] for recipe in CATALOG.model(name).recipes if recipe.name in fitted]


@task
def evaluate(name: str, versions: Sequence[Json]) -> list[Json]:
    """Judge tonight's versions, champion and baseline on days that none of them has seen."""
    from contender.evaluating import EvaluationError
    from contender.evaluating import evaluate as judge
    from contender.records import TrainedVersion, read_all
    from contender.specs import BehaviourError

    model, stores = CATALOG.model(name), open_stores()
    try:
        judged = [judge(CATALOG, model, version, *stores) for version in read_all(TrainedVersion, versions)]
    except (BehaviourError, EvaluationError) as error:  # the same rows and files would fail in the same way
        raise AirflowFailException(str(error)) from error
    return [evaluation.model_dump(mode="json") for evaluation in judged]


@task
def pair(name: str, versions: Sequence[Json]) -> list[Json]:
    """Hold the shadow's scores against outcomes that are known by tonight, and weigh what they say."""
    from contender.evaluating import pair_days
    from contender.promoting import incumbent_stream, read_evidence, read_standing
    from contender.records import TrainedVersion, read_all

    lake, registry, book = open_stores()
    model, standing = CATALOG.model(name), read_standing(name, book)
    if standing is None:
        return []
    champion = registry.version(name, standing.champion)
    incumbent = incumbent_stream(standing, champion, read_all(TrainedVersion, versions))
    pair_days(CATALOG, model, run_night(), standing.since, incumbent, standing.champion, lake, book)
    return [evidence.model_dump(mode="json") for evidence in read_evidence(model, standing, incumbent, book)]


@task
def decide(name: str, evaluations: Sequence[Json], evidence: Sequence[Json]) -> list[Json]:
    """Ask every guard, and the race."""
    from contender.promoting import decide_night, read_standing
    from contender.records import Evaluation, Evidence, read_all

    judged, weighed = read_all(Evaluation, evaluations), read_all(Evidence, evidence)
    _, _, book = open_stores()
    decisions = decide_night(judged, weighed, read_standing(name, book), CATALOG.model(name).guards)
    return [decision.model_dump(mode="json") for decision in decisions]


@task
def score_in_shadow(name: str, versions: Sequence[Json]) -> Json:
    """Stage what tonight's versions, the champion and an older champion would serve for the same rows."""
    from contender.promoting import read_standing, shadow_streams
    from contender.records import TrainedVersion, read_all
    from contender.scoring import score_in_shadow as score

    _, _, book = open_stores()
    model, night = CATALOG.model(name), run_night()
    tonight, decisions = read_all(TrainedVersion, versions), book.ledger.decisions(name, limit=1000)
    streams = shadow_streams(model, read_standing(name, book), night, tonight, decisions)
    return score(open_installation(), model, streams, Days.one(night)).model_dump(mode="json")


build_each(CATALOG.models, "retrain", build_retrain)
