"""### What becomes of a batch in quarantine.

Started by hand, with the batch's id (from the mail, the gate's page, or `contender quarantine list`), what to do, and
why. **settle** writes down who decided; a released batch is then ingested in place of the delivery: its gate lets it
pass with a warning that names person and reason, and what waits for its day starts. A discarded batch is deleted, its
judgement is kept.

- Better than to release is to have the source correct its delivery, and to start the day again.
- A batch that another delivery has superseded meanwhile cannot be released.
- What failed when the batch was quarantined is excused, and nothing else: a released batch that fails for another
  reason is not published, and waits for another decision.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from wiring import PLATFORM, Json, run_by, task_defaults

FORM = {
    "batch": Param(type="string", minLength=4, title="Batch", description="Its id in quarantine."),
    "action": Param("release", enum=["release", "discard"], title="What to do"),
    "reason": Param(type="string", minLength=3, title="Reason", description="Kept with your name."),
}


@task.short_circuit
def settle() -> Json | None:
    """Write the decision down. Returns the form of the run that is to ingest a released batch, else nothing."""
    from contender.admission import QuarantineError, discard_batch, record_release
    from contender.installation import open_installation

    here, context = open_installation(), get_current_context()
    form = context["params"]
    try:
        if form["action"] == "discard":
            discard_batch(here, form["batch"], run_by(), form["reason"])
            return None
        item = record_release(here, form["batch"], run_by(), form["reason"])
    except QuarantineError as error:
        raise AirflowFailException(str(error)) from None
    namespace, _, name = item.batch.table.partition(".")
    if namespace != "datasets":
        raise AirflowFailException(f"{item.batch.table} is built here: start features__{name} again instead")
    days = item.batch.days
    span = {"day": str(days.first)} if days.is_single else {"first": str(days.first), "last": str(days.last)}
    context["ti"].xcom_push(key="dag", value=f"ingest__{name}")
    return {**span, "quarantined": item.id}


with DAG(
    dag_id="operations__quarantine",
    description="Releases or discards a batch that failed its gate",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2013, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=task_defaults(PLATFORM),
    params=FORM,
    tags=["operations"],
):
    TriggerDagRunOperator(
        task_id="ingest",
        # Airflow reads dependencies between DAGs from this name, and so takes no other kind of reference.
        trigger_dag_id="{{ ti.xcom_pull(task_ids='settle', key='dag') }}",
        conf=settle(),
        logical_date=None,
    )
