"""The quality gate as a task, with a link to its result that works above all when it failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.xcom import XCom

from contender.settings import PROJECT, settings

if TYPE_CHECKING:
    from contender.records import GateResult

GATE_KEY = "gate_id"


def gate_url(gate_id: str) -> str:
    """The page of a gate's result."""
    return f"{settings().ui_url}/contender/gates/{gate_id}"


def submit_check(task_file: str) -> None:
    """Check a batch by a Spark job through the connection `spark_default`, and wait for it."""
    from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook

    from contender.gating import SPARK_SETTINGS

    SparkSubmitHook(
        conf=SPARK_SETTINGS,
        name="gate",
        application_args=[task_file],
        env_vars={"PYTHONPATH": str(PROJECT / "include")},
    ).submit(str(PROJECT / "spark_jobs" / "check_batch.py"))


class GateLink(BaseOperatorLink):
    """Leads from the task to the page of its result."""

    name = "Gate result"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ARG002
        """Return the page's address; empty while there is no result."""
        gate_id = XCom.get_value(ti_key=ti_key, key=GATE_KEY)
        return gate_url(gate_id) if gate_id else ""


class GateOperator(BaseOperator):
    """Hold a staged batch to its contract. A failed batch goes to the quarantine, and the task fails for good."""

    template_fields: Sequence[str] = ("batch",)
    operator_extra_links = (GateLink(),)

    def __init__(self, *, batch: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.result: GateResult | None = None

    def execute(self, context: Any) -> str:
        """Judge the batch and keep the result. Returns the verdict, `pass` or `warn`."""
        from contender.admission import gate_batch
        from contender.installation import open_installation
        from contender.records import StagedBatch

        batch = StagedBatch.model_validate(self.batch)
        run = f"{context['dag'].dag_id} {context['run_id']}"
        kept = gate_batch(open_installation(), batch, run, submit_check)
        self.result = kept
        context["ti"].xcom_push(key=GATE_KEY, value=kept.id)
        for broken in (*kept.defects, *kept.failed):
            self.log.warning("%s", broken)
        if kept.verdict == "fail":
            raise AirflowFailException(f"{batch.table} {batch.days.key} failed its gate: {gate_url(kept.id)}")
        self.log.info("%s %s: %s, %d rows", batch.table, batch.days.key, kept.verdict, kept.rows)
        return kept.verdict

    def get_openlineage_facets_on_complete(self, _: Any) -> Any:
        """What Airflow's OpenLineage provider sends out, of a failed batch too; nothing when none was judged."""
        from contender.specs import load_catalog
        from lineage_facets import tell_gate

        if self.result is None:
            return None
        return tell_gate(load_catalog(settings().catalog_home), self.result)
