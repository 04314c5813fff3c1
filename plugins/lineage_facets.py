"""OpenLineage facets of the tables that tasks check and publish: schema, owner, snapshot and data quality.

Airflow's provider calls these functions after a task, if a transport is configured. OpenLineage is imported inside
them, because every process that loads plugins imports this module.
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


def gate_facets(catalog: Catalog, result: GateResult) -> Any:
    """Return the lineage of a gate: the table of the batch, with the result of each expectation."""
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset

    table = InputDataset(
        namespace=NAMESPACE,
        name=result.table,
        facets=_facets(catalog, result.table),
        inputFacets=_quality(result),
    )
    return OperatorLineage(inputs=[table], run_facets=_business_days(result.days))


def _quality(result: GateResult) -> dict[str, Any]:
    """Results of expectations, and the number of rows."""
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as assertions
    from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as metrics

    checked = [
        assertions.Assertion(
            assertion=outcome.expectation,
            success=outcome.verdict == "pass",
            column=outcome.columns[0] if len(outcome.columns) == 1 else None,
            severity="warn" if outcome.verdict == "warn" else "error",
            actual=outcome.observed,
        )
        for outcome in result.expectations
    ]
    unreadable = [
        assertions.Assertion(
            assertion="can be read according to its contract",
            success=False,
            severity="warn" if defect.severity == "warn" else "error",
            actual=f"{defect.what} ({defect.where})",
        )
        for defect in result.defects
    ]
    return {
        "dataQualityAssertions": assertions.DataQualityAssertionsDatasetFacet(
            assertions=[*checked, *unreadable]
        ),
        "dataQualityMetrics": metrics.DataQualityMetricsInputDatasetFacet(
            columnMetrics={}, rowCount=result.rows
        ),
    }


def publication_facets(catalog: Catalog, published: Published, settings: Settings) -> Any:
    """Return the lineage of a publication: from the upstream tables (or the delivery) to the table's snapshot."""
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
    """Return namespace and name of a dataset's deliveries (all days as one) in OpenLineage's naming of files and S3."""
    dataset = catalog.dataset(table.partition(".")[2])
    path, query = dataset.delivery.path, dataset.delivery.query
    if query is not None:
        return f"connection://{query.connection}", dataset.name
    if not landing.startswith("s3://"):
        return "file", f"{landing.rstrip('/')}/{path}"
    place = urlsplit(landing)
    return f"s3://{place.netloc}", f"{place.path.strip('/')}/{path}".lstrip("/")


def _facets(catalog: Catalog, table: str) -> dict[str, Any]:
    """Facets from a table's contract: schema, owner, description, and columns with personal data."""
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
    """The days of the run, as its nominal time: a partitioned run has no data interval."""
    from openlineage.client.facet_v2 import nominal_time_run

    return {
        "nominalTime": nominal_time_run.NominalTimeRunFacet(
            nominalStartTime=f"{days.first}T00:00:00Z",
            nominalEndTime=f"{days.last + timedelta(days=1)}T00:00:00Z",
        )
    }
