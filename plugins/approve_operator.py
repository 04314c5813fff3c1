"""A person's approval as a task: Airflow's human-in-the-loop operator, with the question in the book, and by mail."""

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
    "", type=["null", "string"], title="Why", description="Kept in the ledger, with your name.", source="task"
)


def decision_url(model: str, decision_id: str) -> str:
    """The page of a decision, where what is known of it is shown."""
    return f"{settings().ui_url}/contender/decisions/{model}/{decision_id}"


def form_url(task_instance: Any) -> str:
    """Where Airflow takes the answer."""
    run = f"{settings().ui_url}/dags/{task_instance.dag_id}/runs/{quote(task_instance.run_id)}"
    return f"{run}/tasks/{task_instance.task_id}/mapped/{task_instance.map_index}/required_actions"


class DecisionLink(BaseOperatorLink):
    """Leads from the question to the page that shows what to decide by."""

    name = "What to decide by"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002
        """Return the page's address; empty before the question is put."""
        return XCom.get_value(ti_key=ti_key, key=PAGE_KEY) or ""


class ApproveOperator(ApprovalOperator):
    """Ask a person about a decision and wait; without an answer in time, it is refused. Returns the answer.

    Give it `params={"why": WHY}` for a reason to be asked for, too.
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
        """Write the question down, send the mail, and park: no worker is held while nobody answers."""
        from contender.alerting import compose_approval_alert
        from contender.installation import open_installation
        from contender.records import Decision, Proposal

        decision, book = Decision.model_validate(self.decision), open_installation().book
        evaluation = book.evaluations.get(str(decision.evaluation))
        assert evaluation is not None
        # Every attempt asks, and mails, anew: one that was cleared left a question that nobody can answer any more.
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
        self.subject, self.body = alert.subject.removeprefix("[contender] "), alert.text
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """Return what was answered, and by whom."""
        from contender.records import Answer

        # Not the parent's own: it would skip the task that enters a refusal into the ledger.
        answered = super(ApprovalOperator, self).execute_complete(context, event)
        who = answered["responded_by_user"]
        answer = Answer(
            decision=self.decision["id"],
            approved=answered["chosen_options"] == [self.APPROVE],
            by=who["name"] if who else None,
            at=answered["responded_at"],
            why=str(answered["params_input"].get("why") or "").strip() or None,
        )
        return answer.model_dump(mode="json")
