"""### Tonight's challenger: fitted, judged, and promoted unless a guard speaks.

**train** fits the champion's recipe again on newer labelled days and keeps the newest of them out. **evaluate** judges
challenger, champion and the simple baseline on those days. **decide** asks every guard; **promote** enters the decision
into the ledger, and the alias follows it. **score_in_shadow** keeps what the challenger would have served.

- The first version of all has to beat the simple baseline.
- A refresh that is held back harms nobody: the champion serves on, and the next night tries again.
- By hand: a day is the *night* to train for; trained again on the same snapshots, it is the same version.
"""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable, task
from airflow.sdk.exceptions import AirflowFailException

from contender.settings import settings
from contender.specs import Days, ModelSpec
from wiring import (
    CATALOG,
    Json,
    build_each,
    features_asset,
    gate_and_publish,
    night_dag,
    run_days,
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
        challenger = train(model.name)
        decided = promote(decide(evaluate(challenger)))
        shadow = score_in_shadow(challenger)
        decided >> shadow
        gate_and_publish(shadow)
    return dag


@task
def train(name: str) -> Json:
    """Fit the recipe on the labelled days before those it is judged on."""
    from contender.lake import open_lake
    from contender.records import open_book
    from contender.registry import open_registry
    from contender.training import note_released
    from contender.training import train as train_challenger

    here, nights = settings(), run_days()
    if not nights.is_single:
        raise AirflowFailException(
            f"a challenger is trained for one night, not for {nights.key}: give one day"
        )
    challenger = train_challenger(
        CATALOG,
        CATALOG.model(name),
        CATALOG.model(name).recipes[0],
        nights.first,
        open_lake(here),
        open_registry(here),
    )
    book = open_book(here.records)
    for caveat in note_released(CATALOG, challenger, book.acts(limit=1000)):
        book.add_caveat(caveat)
    return challenger.model_dump(mode="json")


@task
def evaluate(challenger: Json) -> Json:
    """Judge challenger, champion and baseline on days that none of them has seen."""
    from contender.evaluating import evaluate as judge
    from contender.lake import open_lake
    from contender.records import TrainedVersion, open_book
    from contender.registry import open_registry

    here, trained = settings(), TrainedVersion.model_validate(challenger)
    stores = (open_lake(here), open_registry(here), open_book(here.records))
    return judge(CATALOG.model(trained.model), trained, *stores).model_dump(mode="json")


@task
def decide(evaluation: Json) -> Json:
    """Ask every guard."""
    from contender.promoting import decide_promotion
    from contender.records import Evaluation

    judged = Evaluation.model_validate(evaluation)
    return decide_promotion(judged, CATALOG.model(judged.model).guards).model_dump(mode="json")


@task
def promote(decision: Json) -> Json:
    """Enter the decision into the ledger; the alias follows."""
    from contender.promoting import promote as enter
    from contender.records import Decision, open_book
    from contender.registry import open_registry

    here = settings()
    kept = enter(Decision.model_validate(decision), open_book(here.records), open_registry(here))
    for reason in kept.reasons:
        print(f"{'holds ' if reason.holds else 'SPEAKS'} {reason.guard}: {reason.explanation}")  # noqa: T201
    return kept.model_dump(mode="json")


@task
def score_in_shadow(challenger: Json) -> Json:
    """Stage what the challenger would have served for the same rows."""
    from contender.lake import open_lake
    from contender.records import TrainedVersion
    from contender.registry import open_registry
    from contender.scoring import score_in_shadow as score_with

    here, trained = settings(), TrainedVersion.model_validate(challenger)
    model, night = CATALOG.model(trained.model), Days.one(trained.night)
    batch = score_with(model, trained.version, night, open_lake(here), open_registry(here), here)
    return batch.model_dump(mode="json")


build_each(CATALOG.models, "retrain", build_retrain)
