"""### A person decides what serves.

Started by hand, with what to do and why. **decide** enters it into the model's ledger under your name, and
the alias follows at once; the owner gets a mail. **score_again** then scores the newest night with what serves now.

- **roll back**: the version before serves again, or the one whose number you give, if it served once. Refreshes of the
  champion's recipe then have to win against it, until someone resumes.
- **resume**: refreshes serve again as they used to.
- **put in place**: any version of the registry serves, whatever guards and race say. For emergencies.
- By command line: `contender rollback`, `contender resume`, `contender promote`; they work without Airflow.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, get_current_context, task

from alerts import deliver
from contender.specs import ModelSpec, dag_id
from wiring import CATALOG, Json, build_each, fails_for_good, open_installation, run_by, task_defaults

ACTIONS: dict[str, Literal["rolled_back", "resumed", "emergency"]] = {
    "roll back": "rolled_back",
    "resume": "resumed",
    "put in place": "emergency",
}
FORM = {
    "action": Param("roll back", enum=[*ACTIONS], title="What to do"),
    "version": Param(
        None, type=["null", "integer"], title="Version", description="Empty: the one before the champion."
    ),
    "reason": Param(type="string", minLength=3, title="Reason", description="Kept with your name."),
}


@task
def decide(name: str) -> Json:
    """Enter the decision; the alias follows. Returns the form of the run that scores the newest night again."""
    from contender.alerting import compose_decision_alert
    from contender.promoting import ManualDecision, RollbackError, decide_by_hand
    from contender.records import StaleDecision
    from contender.registry import UnknownVersion

    form, here = get_current_context()["params"], open_installation()
    manual = ManualDecision(ACTIONS[form["action"]], run_by(), form["reason"], form["version"])
    with fails_for_good(RollbackError, StaleDecision, UnknownVersion):
        entry = decide_by_hand(here, name, manual)
    here.book.alerts.add(compose_decision_alert(entry, to=CATALOG.model(name).owner))
    deliver()
    return {"day": str(entry.decision.night)}


def build_rollback(model: ModelSpec) -> DAG:
    """The DAG of one model: a DAG each, so that a person may be let decide about some models and not about others."""
    with DAG(
        dag_id=dag_id("rollback", model.name),
        description=f"Rolls {model.name} back, puts a version in place, or lets refreshes serve again",
        doc_md=__doc__,
        schedule=None,
        start_date=datetime(2013, 1, 1, tzinfo=UTC),
        max_active_runs=1,
        default_args=task_defaults(model.owner),
        params=FORM,
        tags=["rollback", f"model:{model.name}"],
    ) as dag:
        TriggerDagRunOperator(
            task_id="score_again",
            trigger_dag_id=dag_id("score", model.name),
            conf=decide(model.name),
            logical_date=None,
        )
    return dag


build_each(CATALOG.models, "rollback", build_rollback)
