"""### Build a past night on both engines and compare.

Once a week, **compare_‹model›** chooses one of the newest 90 nights of a model that either engine may build. It
builds the night's features and labels on both from the newest snapshots, and compares them.

- If rows differ, the task fails with one line per column (a row and both values), and the model's owner gets a mail.
- Nothing is published. `docs/ENGINES.md` lists expressions on which the engines differ, and what to write instead.
- Spark runs in the task's process, on one core. Without Java, or for a model with one engine, the task is skipped.
"""

from __future__ import annotations

from airflow.sdk import DAG, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from wiring import CATALOG, open_installation, operation_dag


def compare_weekly() -> DAG:
    """The DAG with one task for each model."""
    with operation_dag(
        "engines", __doc__, "0 14 * * 0", "Builds a past night of each model on both engines, and compares"
    ) as dag:
        for model in CATALOG.models.values():
            compare_engines.override(task_id=f"compare_{model.name}", owner=model.owner)(model.name)
    return dag


@task
def compare_engines(name: str) -> str:
    """Fail with one line per difference between the engines. Returns the compared night."""
    from contender.featurizing import compare_past_night

    compared = compare_past_night(
        open_installation(), CATALOG.model(name), seed=str(get_current_context()["run_id"])
    )
    if compared is None:
        raise AirflowSkipException(
            f"{name}: nothing was compared: no labels yet, no Java, or only one engine"
        )
    if compared.differences:
        raise AirflowFailException(compared.message)
    return str(compared.night)


compare_weekly()
