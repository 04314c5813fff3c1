"""### Tomorrow's rows, scored by the champion.

Starts when a night's features are there and never waits for training. **score** takes the version that the alias
`champion` names; the predictions pass a gate and are published with that version and the features' snapshot.

- Before the first promotion there is nothing to score with: the run is skipped and says so.
- By hand: a day is a *night*; it scores the rows of the day that this night is about.
"""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable, task
from airflow.sdk.exceptions import AirflowSkipException

from contender.specs import ModelSpec
from wiring import (
    CATALOG,
    Json,
    announce,
    build_each,
    features_asset,
    gate_and_publish,
    night_dag,
    open_installation,
    predictions_asset,
    run_days,
)


def build_score(model: ModelSpec) -> DAG:
    """The DAG of one model."""
    schedule = PartitionedAssetTimetable(assets=features_asset(model.name))
    with night_dag("score", model, __doc__, schedule, f"Predictions of {model.name}, by its champion") as dag:
        announce(predictions_asset(model.name), gate_and_publish(score(model.name)))
    return dag


@task
def score(name: str) -> Json:
    """Stage the champion's probabilities."""
    from contender.scoring import NoChampion
    from contender.serving import score_by_ledger

    try:
        batch = score_by_ledger(open_installation(), CATALOG.model(name), run_days())
    except NoChampion as nobody:
        raise AirflowSkipException(str(nobody)) from None
    return batch.model_dump(mode="json")


build_each(CATALOG.models, "score", build_score)
