"""### Change the serving version by hand.

Start it by hand with an action and a reason. **decide** enters the decision into the model's ledger with your name; the
alias follows at once, and the owner gets a mail. **score_again** then scores the newest night with the serving version.

- **roll back**: serve the previous champion again, or the version that you specify, if it has served before. Until
  someone resumes, refreshes of the champion's recipe must first win a sequential test against it.
- **resume**: let refreshes serve again without that test.
- **put in place**: serve any registered version, regardless of guards and sequential tests. For emergencies.
- On the command line, `contender rollback`, `contender resume` and `contender promote` do the same, without Airflow.
"""

from __future__ import annotations

from typing import Literal

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, get_current_context, task

from alerts import deliver
from contender.specs import ModelSpec, dag_id
from wiring import CATALOG, Json, build_each, manual_dag, open_installation, run_by

ACTIONS: dict[str, Literal["rolled_back", "resumed", "emergency"]] = {
    "roll back": "rolled_back",
    "resume": "resumed",
    "put in place": "emergency",
}
FORM = {
    "action": Param("roll back", enum=[*ACTIONS], title="Action"),
    "version": Param(
        None,
        type=["null", "integer"],
        title="Version",
        description="Leave empty for the previous champion.",
    ),
    "reason": Param(type="string", minLength=3, title="Reason", description="Recorded with your name."),
}


@task
def decide(name: str) -> Json:
    """Enter the decision into the ledger; the alias follows. Returns the parameters of the scoring run."""
    from contender.alerting import compose_decision_alert
    from contender.promoting import ManualDecision, decide_by_hand

    form, here = get_current_context()["params"], open_installation()
    manual = ManualDecision(ACTIONS[form["action"]], run_by(), form["reason"], form["version"])
    entry = decide_by_hand(here, name, manual)
    here.book.alerts.add(compose_decision_alert(entry, to=CATALOG.model(name).owner))
    deliver()
    return {"day": str(entry.decision.night)}


def build_rollback(model: ModelSpec) -> DAG:
    """The DAG of one model. Each model has its own, so that rights can be granted per model."""
    description = f"Rolls {model.name} back, promotes a version by hand, or resumes refreshes"
    with manual_dag("rollback", model, __doc__, description, FORM) as dag:
        TriggerDagRunOperator(
            task_id="score_again",
            trigger_dag_id=dag_id("score", model.name),
            conf=decide(model.name),
            logical_date=None,
        )
    return dag


build_each(CATALOG.models, "rollback", build_rollback)
