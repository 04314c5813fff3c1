"""Publish a batch as a task, with its lineage for OpenLineage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from contender.settings import settings

if TYPE_CHECKING:
    from contender.lake import Published


class PublishOperator(BaseOperator):
    """Publish a batch that passed its gate: replace its days in the table, in one commit."""

    template_fields: Sequence[str] = ("batch",)

    def __init__(self, *, batch: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.published: Published | None = None

    def execute(self, context: Any) -> dict[str, Any]:
        """Publish and record the batch. Versions trained on replaced days get a caveat."""
        from contender.admission import publish_batch
        from contender.records import StagedBatch
        from wiring import open_installation  # late: that module imports this one

        run = f"{context['dag'].dag_id} {context['run_id']}"
        self.published = publish_batch(open_installation(), StagedBatch.model_validate(self.batch), run)
        return self.published.model_dump(mode="json")

    def get_openlineage_facets_on_complete(self, _: Any) -> Any:
        """Return the facets for Airflow's OpenLineage provider; None if nothing was published."""
        from lineage_facets import publication_facets
        from wiring import CATALOG

        if self.published is None:
            return None
        return publication_facets(CATALOG, self.published, settings())
