"""### Release or discard a quarantined batch.

Start it by hand with the batch's id (from the mail, the gate's page, or `contender quarantine list`), an action and a
reason. **decide** records the decision with your name. **ingest** starts a run that ingests a released batch instead of
the delivery: its gate passes with a warning that contains name and reason, and downstream runs start. A discarded batch
is deleted; the result of its gate is kept.

- If possible, do not release: have the source correct its delivery, and start the day again.
- A batch that was superseded by another delivery cannot be released.
- A release excuses only the checks that failed when the batch was quarantined. If another check fails, the batch is not
  published and needs another decision.
"""

from __future__ import annotations

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param, get_current_context, task

from wiring import Json, dump, open_installation, operation_dag, run_by

FORM = {
    "batch": Param(type="string", minLength=4, title="Batch", description="The id of the quarantined batch."),
    "action": Param("release", enum=["release", "discard"], title="Action"),
    "reason": Param(type="string", minLength=3, title="Reason", description="Recorded with your name."),
}


@task.short_circuit
def decide() -> Json | None:
    """Record the decision. Returns the run that ingests a released batch, or None."""
    from contender.admission import decide_quarantined

    form = get_current_context()["params"]
    run = decide_quarantined(open_installation(), form["batch"], form["action"], run_by(), form["reason"])
    return dump(run)


with operation_dag(
    "quarantine", __doc__, None, "Releases or discards a batch that failed its gate", form=FORM
):
    decided = decide()
    TriggerDagRunOperator(
        task_id="ingest",
        # Airflow derives dependencies between DAGs from this field, which must be a string.
        trigger_dag_id="{{ ti.xcom_pull(task_ids='decide')['dag'] }}",
        conf=decided["conf"],
        logical_date=None,
    )
