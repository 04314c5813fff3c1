"""### Score tomorrow's rows with the champion.

Starts when a night's features have been published; it does not wait for training. **score** predicts with the version
of the alias `champion`: in its own process or, from `CONTENDER_SCORE_SPARK_ROWS` rows on, in a Spark job (connection
`spark_default`), with the same predictions. They pass a gate and are published with the version and the features'
snapshot.

- A champion that cannot predict the rows, because of a new category for example, fails the task, which says why.
- Before the first promotion there is no champion, and the run is skipped.
- Manual runs: *Day* is the *night*. The scored day is `horizon_days` (in the model's spec) after it.
"""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable, task
from airflow.sdk.exceptions import AirflowSkipException

from contender.specs import ModelSpec
from spark_submit import submit_job
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
    with night_dag("score", model, __doc__, schedule, f"Predictions of {model.name} by its champion") as dag:
        announce(predictions_asset(model.name), gate_and_publish(score(model.name)))
    return dag


@task
def score(name: str) -> Json:
    """Stage the champion's predictions."""
    from contender.batch_scoring import score_by_ledger
    from contender.scoring import NoChampion

    try:
        batch = score_by_ledger(open_installation(), CATALOG.model(name), run_days(), submit_job)
    except NoChampion as error:
        raise AirflowSkipException(str(error)) from None
    return batch.model_dump(mode="json")


build_each(CATALOG.models, "score", build_score)
