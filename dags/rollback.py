"""### A person decides what serves.

Started by hand, with the model, what to do, and why. **decide** enters it into the model's ledger under your name, and
the alias follows at once; the owner gets a mail. **score_again** then scores the newest night with what serves now.

- **roll back**: the version before serves again, or the one whose number you give, if it served once. Refreshes of the
  champion's recipe then have to win against it, until someone resumes.
- **resume**: refreshes serve again as they used to.
- **put in place**: any version of the registry serves, whatever guards and race say. For emergencies.
- By command line: `contender rollback`, `contender resume`, `contender promote`; they work without Airflow.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from alerts import deliver
from wiring import CATALOG, PLATFORM, Json, open_stores, run_by, task_defaults

ACTIONS = ["roll back", "resume", "put in place"]
FORM = {
    "model": Param(type="string", enum=sorted(CATALOG.models), title="Model"),
    "action": Param("roll back", enum=ACTIONS, title="What to do"),
    "version": Param(
        None, type=["null", "integer"], title="Version", description="Empty: the one before the champion."
    ),
    "reason": Param(type="string", minLength=3, title="Reason", description="Kept with your name."),
}


@task
def decide() -> Json:
    """Enter the decision; the alias follows. Returns the form of the run that scores the newest night again."""
    from contender.alerting import compose_decision_alert
    from contender.promoting import RollbackError, decide_by_hand
    from contender.records import StaleDecision
    from contender.registry import UnknownVersion

    context = get_current_context()
    form, (_, registry, book) = context["params"], open_stores()
    name = form["model"]
    try:
        wanted = (form["action"], form["version"], run_by(), form["reason"])
        entry = decide_by_hand(name, *wanted, book, registry)
    except (RollbackError, StaleDecision, UnknownVersion) as error:
        raise AirflowFailException(str(error)) from None
    book.add_alert(compose_decision_alert(entry, to=CATALOG.model(name).owner))
    deliver()
    context["ti"].xcom_push(key="dag", value=f"score__{name}")
    return {"day": str(entry.decision.night)}


with DAG(
    dag_id="operations__rollback",
    description="Rolls a champion back, puts a version in place, or lets refreshes serve again",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2013, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=task_defaults(PLATFORM),
    params=FORM,
    tags=["operations"],
):
    TriggerDagRunOperator(
        task_id="score_again",
        # Airflow reads dependencies between DAGs from this name, and so takes no other kind of reference.
        trigger_dag_id="{{ ti.xcom_pull(task_ids='decide', key='dag') }}",
        conf=decide(),
        logical_date=None,
    )
