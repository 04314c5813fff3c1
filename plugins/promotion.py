"""The last tasks of a retrain DAG: enter decisions into the ledger, at once or after a person's approval."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowFailException

from alerts import deliver
from approve_operator import WHY, ApproveOperator
from contender.specs import ModelSpec
from wiring import CATALOG, Json, dump_all, night_stores, open_installation

CLEAR = "clear `evaluate` of this run and the tasks after it, to decide again"

log = logging.getLogger(__name__)


@task
def promote(name: str, decisions: Sequence[Json]) -> list[Json]:
    """Enter the decisions into the ledger; the alias follows. Returns the decisions that need approval."""
    from contender.alerting import keep_held_alert
    from contender.records import Decision, StaleDecision, read_all
    from contender.retraining import promote as enter

    try:
        promoted = enter(night_stores(name), read_all(Decision, decisions))
    except StaleDecision as error:
        raise AirflowFailException(f"{error}: {CLEAR}") from error
    log.info("%s", "\n".join(line for decision in promoted.entered for line in decision.summary()))
    if keep_held_alert(CATALOG.model(name), promoted.entered, open_installation().book):
        deliver()
    return dump_all(promoted.waiting)


def await_approval(model: ModelSpec, waiting: Any) -> Any:
    """Ask for approval of all waiting decisions in parallel; without any, both tasks are skipped."""
    asked = ApproveOperator.partial(
        task_id="approve",
        params={"why": WHY},
        mail_to=model.approval.mail_to or (model.owner,),
        response_timeout=timedelta(hours=model.approval.hours),
    ).expand(decision=waiting)
    return promote_answered(model.name, waiting, asked.output)


@task
def promote_answered(name: str, waiting: Sequence[Json], answers: Sequence[Json]) -> list[str]:
    """Enter the answers into the ledger; the alias follows. Without an answer, the default applies."""
    from contender.promoting import enter_answers
    from contender.records import Answer, Decision, StaleDecision, read_all

    asked, answered, here = read_all(Decision, waiting), read_all(Answer, answers), open_installation()
    try:
        entries = enter_answers(asked, answered, CATALOG.model(name).approval, here.book, here.registry)
    except StaleDecision as error:
        raise AirflowFailException(f"{error}: {CLEAR}") from error
    return [line for entry in entries for line in entry.decision.summary()]
