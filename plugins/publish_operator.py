"""The atomic commit as a task, which tells OpenLineage what it filled and from what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from contender.settings import settings

if TYPE_CHECKING:
    from contender.lake import Published
    from contender.records import Book, StagedBatch
    from contender.specs import Catalog


def mark_superseded(catalog: Catalog, batch: StagedBatch, book: Book) -> None:
    """Say of every version that was fitted on these days that they have been replaced since."""
    from contender.specs import fed_days
    from contender.training import note_superseded

    versions = [
        version
        for model in catalog.models.values()
        for source in catalog.sources(model)
        if source.contract.table == batch.table
        for version in book.evaluations.versions_fitted_on(model.name, fed_days(model, source, batch.days))
    ]
    for caveat in note_superseded(catalog, batch.table, batch.days, batch.fingerprint, versions):
        book.caveats.add(caveat)


class PublishOperator(BaseOperator):
    """Make a gated batch its table's content for its days, in one commit."""

    template_fields: Sequence[str] = ("batch",)

    def __init__(self, *, batch: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.published: Published | None = None

    def execute(self, context: Any) -> dict[str, Any]:
        """Publish the batch with a record of it; versions fitted on what it replaces are marked."""
        from contender.lake import open_lake, publish
        from contender.records import StagedBatch, open_book
        from contender.specs import load_catalog

        here, batch = settings(), StagedBatch.model_validate(self.batch)
        catalog, lake, book = load_catalog(here.catalog_home), open_lake(here), open_book(here.records)
        contract = catalog.contract(batch.table)
        corrects = contract.daily and bool(lake.day_files(batch.table, batch.days))
        run = f"{context['dag'].dag_id} {context['run_id']}"
        self.published = publish(lake, book, contract, batch, run)
        if corrects and self.published.changed:
            mark_superseded(catalog, batch, book)
        return self.published.model_dump(mode="json")

    def get_openlineage_facets_on_complete(self, _: Any) -> Any:
        """What Airflow's OpenLineage provider sends out; nothing of an attempt that published nothing."""
        from contender.specs import load_catalog
        from lineage_facets import tell_publication

        if self.published is None:
            return None
        here = settings()
        return tell_publication(load_catalog(here.catalog_home), self.published, here)
