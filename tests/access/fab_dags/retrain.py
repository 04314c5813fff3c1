"""### A retrain DAG that only asks a person, for tests of who may answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG

from contender.specs import dag_id
from wiring import CATALOG, build_each


def build(model):
    with DAG(
        dag_id=dag_id("retrain", model.name), schedule=None, start_date=datetime(2013, 1, 1, tzinfo=UTC)
    ) as dag:
        ApprovalOperator(
            task_id="approve",
            subject=f"May the new version of {model.name} serve?",
            response_timeout=timedelta(hours=1),
        )
    return dag


build_each(CATALOG.models, "retrain", build)
