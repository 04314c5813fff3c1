"""The quality gate as a task, with a link to its result, also for failed tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.xcom import XCom

from contender.settings import settings
from spark_submit import submit_job

if TYPE_CHECKING:
    from contender.records import GateResult

GATE_KEY = "gate_id"


def gate_url(gate_id: str) -> str:
    """Return the URL of a gate result's page."""
    return f"{settings().ui_url}/contender/gates/{gate_id}"


class GateLink(BaseOperatorLink):
    """A link from the task to the page of its result."""

    name = "Gate result"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ARG002
        """Return the page's URL; empty if there is no result yet."""
        gate_id = XCom.get_value(ti_key=ti_key, key=GATE_KEY)
        return gate_url(gate_id) if gate_id else ""


class GateOperator(BaseOperator):
    """Check a staged batch against its contract. A failed batch is quarantined, and the task fails without retry."""

    template_fields: Sequence[str] = ("batch",)
    operator_extra_links = (GateLink(),)

    def __init__(self, *, batch: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.result: GateResult | None = None

    def execute(self, context: Any) -> str:
        """Check the batch and record the result. Returns the verdict, `pass` or `warn`."""
        from contender.admission import gate_batch
        from contender.records import StagedBatch
        from wiring import open_installation  # late: that module imports this one

        batch = StagedBatch.model_validate(self.batch)
        run = f"{context['dag'].dag_id} {context['run_id']}"
        result = gate_batch(open_installation(), batch, run, submit_job)
        self.result = result
        context["ti"].xcom_push(key=GATE_KEY, value=result.id)
        for failure in (*result.defects, *result.failed):
            self.log.warning("%s", failure)
        if result.verdict == "fail":
            raise AirflowFailException(
                f"{batch.table} {batch.days.key} failed its gate: {gate_url(result.id)}"
            )
        self.log.info("%s %s: %s, %d rows", batch.table, batch.days.key, result.verdict, result.rows)
        return result.verdict

    def get_openlineage_facets_on_complete(self, _: Any) -> Any:
        """Return the facets for Airflow's OpenLineage provider, also for a failed batch; None without a result."""
        from lineage_facets import gate_facets
        from wiring import CATALOG

        if self.result is None:
            return None
        return gate_facets(CATALOG, self.result)
