"""The end of a retrain DAG: what is entered into the ledger at once, and what a person is asked about before."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowFailException

from approve_operator import WHY, ApproveOperator
from contender.specs import ModelSpec
from wiring import CATALOG, Json, open_stores

log = logging.getLogger(__name__)


@task
def promote(name: str, decisions: Sequence[Json]) -> list[Json]:
    """Enter the decisions into the ledger; the alias follows. Those that wait for a person are handed on."""
    from contender.promoting import promote as enter
    from contender.promoting import split_by_approval
    from contender.records import Decision, StaleDecision, read_all

    _, registry, book = open_stores()
    at_once, waiting = split_by_approval(read_all(Decision, decisions), CATALOG.model(name).approval)
    try:
        entries = enter(at_once, book, registry)
    except StaleDecision as stale:
        raise AirflowFailException(f"{stale}: clear `evaluate` of this run, and those after it") from None
    log.info("%s", "\n".join(line for entry in entries for line in entry.decision.tell()))
    return [decision.model_dump(mode="json") for decision in waiting]


def await_approval(model: ModelSpec, waiting: Any) -> Any:
    """Ask about each decision that waits, all at once; with none, both tasks are skipped."""
    asked = ApproveOperator.partial(
        task_id="approve",
        params={"why": WHY},
        mail_to=model.approval.mail_to or (model.owner,),
        response_timeout=timedelta(hours=model.approval.hours),
    ).expand(decision=waiting)
    return promote_answered(model.name, waiting, asked.output)


@task
def promote_answered(name: str, waiting: Sequence[Json], answers: Sequence[Json]) -> list[str]:
    """Enter what a person approved or refused into the ledger; the alias follows."""
    from contender.promoting import enter_answers
    from contender.records import Answer, Decision, StaleDecision, read_all

    _, registry, book = open_stores()
    said = read_all(Answer, answers)
    try:
        entries = enter_answers(
            read_all(Decision, waiting), said, CATALOG.model(name).approval, book, registry
        )
    except StaleDecision as stale:
        names = " and ".join(sorted({answer.by for answer in said if answer.approved and answer.by}))
        raise AirflowFailException(
            f"{stale}. Approved by {names}, but not carried out: clear `evaluate` of this run and those after it, "
            "and what is still to be let in is asked about again"
        ) from None
    return [line for entry in entries for line in entry.decision.tell()]
