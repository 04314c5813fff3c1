"""What tasks tell OpenLineage: the tables that they judge and fill, with schema, owner, snapshot and quality.

Airflow's provider asks an operator for it once its task has ended, and only where a transport is set. Its
libraries are imported then: this file is read by every process that loads plugins.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from contender.lake import Published
    from contender.records import GateResult
    from contender.settings import Settings
    from contender.specs import Catalog, Days

NAMESPACE = "contender"


def tell_gate(catalog: Catalog, result: GateResult) -> Any:
    """A gate's lineage: the table that the batch is meant for, with each promise and what became of it."""
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset

    judged = InputDataset(
        namespace=NAMESPACE,
        name=result.table,
        facets=_facets(catalog, result.table),
        inputFacets=_quality(result),
    )
    return OperatorLineage(inputs=[judged], run_facets=_business_days(result.days))


def _quality(result: GateResult) -> dict[str, Any]:
    """What became of each expectation, and how many rows were judged."""
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as assertions
    from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as metrics

    held = [
        assertions.Assertion(
            assertion=promise.expectation,
            success=promise.verdict == "pass",
            column=promise.columns[0] if len(promise.columns) == 1 else None,
            severity="warn" if promise.verdict == "warn" else "error",
            actual=promise.observed,
        )
        for promise in result.expectations
    ]
    unread = [
        assertions.Assertion(
            assertion="is readable as its contract says",
            success=False,
            severity="warn" if defect.severity == "warn" else "error",
            actual=f"{defect.what} ({defect.where})",
        )
        for defect in result.defects
    ]
    return {
        "dataQualityAssertions": assertions.DataQualityAssertionsDatasetFacet(assertions=[*held, *unread]),
        "dataQualityMetrics": metrics.DataQualityMetricsInputDatasetFacet(
            columnMetrics={}, rowCount=result.rows
        ),
    }


def tell_publication(catalog: Catalog, published: Published, settings: Settings) -> Any:
    """A publication's lineage: from the tables (or the delivery) that the table is made from, to its snapshot."""
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset, OutputDataset
    from openlineage.client.facet_v2 import dataset_version_dataset, output_statistics_output_dataset

    from contender.catalogue import trace_lineage

    upstream = [edge.source for edge in trace_lineage(catalog) if edge.target == published.table]
    inputs = [
        InputDataset(namespace=NAMESPACE, name=table, facets=_facets(catalog, table)) for table in upstream
    ]
    if not inputs:
        namespace, name = delivery_name(catalog, published.table, settings.landing)
        inputs = [InputDataset(namespace=namespace, name=name)]
    facets = _facets(catalog, published.table)
    if published.snapshot is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(str(published.snapshot))
    written = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=published.rows)
    output = OutputDataset(
        namespace=NAMESPACE,
        name=published.table,
        facets=facets,
        outputFacets={"outputStatistics": written},
    )
    return OperatorLineage(inputs=inputs, outputs=[output], run_facets=_business_days(published.days))


def delivery_name(catalog: Catalog, table: str, landing: str) -> tuple[str, str]:
    """Namespace and name of a dataset's deliveries, all days as one, as OpenLineage names files and S3 objects."""
    path = catalog.dataset(table.partition(".")[2]).delivery.path
    if not landing.startswith("s3://"):
        return "file", f"{landing.rstrip('/')}/{path}"
    place = urlsplit(landing)
    return f"s3://{place.netloc}", f"{place.path.strip('/')}/{path}".lstrip("/")


def _facets(catalog: Catalog, table: str) -> dict[str, Any]:
    """What the contract says of a table: schema, owner, description, and which columns are personal data."""
    from openlineage.client.facet_v2 import (
        documentation_dataset,
        ownership_dataset,
        schema_dataset,
        tags_dataset,
    )

    from contender.catalogue import describe_table

    contract = catalog.contract(table)
    fields = [
        schema_dataset.SchemaDatasetFacetFields(
            name=column.name,
            type=column.type,
            description=column.description + (f" [{column.unit}]" if column.unit else ""),
            ordinal_position=number,
        )
        for number, column in enumerate(contract.columns, start=1)
    ]
    facets: dict[str, Any] = {
        "schema": schema_dataset.SchemaDatasetFacet(fields=fields),
        "ownership": ownership_dataset.OwnershipDatasetFacet(
            owners=[ownership_dataset.Owner(name=contract.owner, type="OWNER")]
        ),
        "documentation": documentation_dataset.DocumentationDatasetFacet(describe_table(catalog, table)),
    }
    personal = [
        tags_dataset.TagsDatasetFacetFields(key="pii", value="true", source="CONTRACT", field=column.name)
        for column in contract.columns
        if column.pii
    ]
    if personal:
        facets["tags"] = tags_dataset.TagsDatasetFacet(tags=personal)
    return facets


def _business_days(days: Days) -> dict[str, Any]:
    """The days that the run is about: a partitioned run has no data interval to tell them by."""
    from openlineage.client.facet_v2 import nominal_time_run

    return {
        "nominalTime": nominal_time_run.NominalTimeRunFacet(
            nominalStartTime=f"{days.first}T00:00:00Z",
            nominalEndTime=f"{days.last + timedelta(days=1)}T00:00:00Z",
        )
    }
