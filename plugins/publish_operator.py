"""The atomic commit as a task, which tells OpenLineage what it filled and from what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from contender.settings import settings

if TYPE_CHECKING:
    from contender.lake import Published


class PublishOperator(BaseOperator):
    """Make a gated batch its table's content for its days, in one commit."""

    template_fields: Sequence[str] = ("batch",)

    def __init__(self, *, batch: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.published: Published | None = None

    def execute(self, context: Any) -> dict[str, Any]:
        """Publish the batch with a record of it; versions fitted on what it replaces are marked."""
        from contender.admission import publish_batch
        from contender.installation import open_installation
        from contender.records import StagedBatch

        run = f"{context['dag'].dag_id} {context['run_id']}"
        self.published = publish_batch(open_installation(), StagedBatch.model_validate(self.batch), run)
        return self.published.model_dump(mode="json")

    def get_openlineage_facets_on_complete(self, _: Any) -> Any:
        """What Airflow's OpenLineage provider sends out; nothing of an attempt that published nothing."""
        from contender.specs import load_catalog
        from lineage_facets import tell_publication

        if self.published is None:
            return None
        here = settings()
        return tell_publication(load_catalog(here.catalog_home), self.published, here)
