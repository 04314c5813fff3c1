"""Start the features of a night again after a correction of one of several inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk.exceptions import AirflowSkipException

from contender.specs import dag_id


class RepeatNightOperator(TriggerDagRunOperator):
    """Start a model's features DAG for the corrected night; skipped if the night starts by its announcements."""

    template_fields: Sequence[str] = (*TriggerDagRunOperator.template_fields, "published")

    def __init__(self, *, model: str, published: Any, **kwargs: Any) -> None:
        super().__init__(trigger_dag_id=dag_id("features", model), logical_date=None, **kwargs)
        self.model = model
        self.published = published

    def execute(self, context: Any) -> None:
        """Start the run, or skip."""
        from contender.admission import night_to_repeat
        from contender.lake import Published
        from wiring import open_installation  # late: that module imports this one

        here = open_installation()
        done = Published.model_validate(self.published)
        night = night_to_repeat(here, here.catalog.model(self.model), done)
        if night is None:
            raise AirflowSkipException(
                f"{done.table} {done.days.key} was not corrected, or other inputs are missing"
            )
        self.conf = {"day": str(night)}
        super().execute(context)
