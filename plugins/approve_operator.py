"""Ask a person for approval as a task: Airflow's human-in-the-loop operator with a record, a page and a mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import BaseOperatorLink, Param
from airflow.sdk.execution_time.xcom import XCom

from alerts import deliver
from contender.settings import settings

PAGE_KEY = "decision_page"
WHY = Param(
    "",
    type=["null", "string"],
    title="Reason",
    description="Recorded in the ledger with your name.",
    source="task",
)


def decision_url(model: str, decision_id: str) -> str:
    """Return the URL of a decision's page."""
    return f"{settings().ui_url}/contender/decisions/{model}/{decision_id}"


def form_url(task_instance: Any) -> str:
    """Return the URL of Airflow's form for the answer."""
    run = f"{settings().ui_url}/dags/{task_instance.dag_id}/runs/{quote(task_instance.run_id)}"
    return f"{run}/tasks/{task_instance.task_id}/mapped/{task_instance.map_index}/required_actions"


class DecisionLink(BaseOperatorLink):
    """A link from the question to the decision's page."""

    name = "Decision page"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002
        """Return the page's URL; empty before the question is asked."""
        return XCom.get_value(ti_key=ti_key, key=PAGE_KEY) or ""


class ApproveOperator(ApprovalOperator):
    """Ask a person to approve a decision. Returns the answer; after the deadline, the decision is rejected.

    In a break it is approved instead, because it has the lowest measured loss.

    With `params={"why": WHY}`, the form asks for a reason, too.
    """

    template_fields: Sequence[str] = (*ApprovalOperator.template_fields, "decision")
    operator_extra_links = (DecisionLink(),)

    def __init__(
        self, *, decision: Any, mail_to: Sequence[str], response_timeout: timedelta, **kwargs: Any
    ) -> None:
        super().__init__(
            subject="A version waits for approval",
            defaults=self.REJECT,
            response_timeout=response_timeout,
            **kwargs,
        )
        self.decision = decision
        self.mail_to = mail_to

    def execute(self, context: Any) -> None:
        """Record the question, send the mail and defer, so that no worker slot is used while waiting."""
        from contender.alerting import compose_approval_alert
        from contender.installation import open_installation
        from contender.records import Decision, Proposal

        decision, book = Decision.model_validate(self.decision), open_installation().book
        evaluation = book.evaluations.get(str(decision.evaluation))
        assert evaluation is not None
        # Each attempt asks again: after a clear, the previous form no longer accepts an answer.
        asked = datetime.now(UTC)
        proposal = Proposal(
            decision=decision,
            asked=asked,
            deadline=asked + self.response_timeout,
            form=form_url(context["ti"]),
        )
        page_url = decision_url(decision.model, decision.id)
        alert = compose_approval_alert(proposal, evaluation, to=tuple(self.mail_to), page_url=page_url)
        book.proposals.put(proposal)
        book.alerts.add(alert)
        deliver()
        context["ti"].xcom_push(key=PAGE_KEY, value=page_url)
        if decision.of_break:
            self.defaults = [self.APPROVE]
        self.subject, self.body = alert.subject.removeprefix("[contender] "), alert.text
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """Return the answer and who gave it."""
        from contender.records import Answer

        # Skip the parent's method: on a rejection it would skip the task that records it in the ledger.
        response = super(ApprovalOperator, self).execute_complete(context, event)
        who = response["responded_by_user"]
        answer = Answer(
            decision=self.decision["id"],
            approved=response["chosen_options"] == [self.APPROVE],
            by=who["name"] if who else None,
            at=response["responded_at"],
            why=str(response["params_input"].get("why") or "").strip() or None,
        )
        return answer.model_dump(mode="json")
