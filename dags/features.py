"""### Build the features of the day to score and the labels of the day that has matured.

Starts when all daily inputs of a night have been published. **plan** pins their snapshots and chooses the engine:
**build_on_duckdb** builds few rows, **build_on_spark** those of many (`CONTENDER_SPARK_ROWS`), with the same function.
**collect** stages the results. Features and labels pass their gates and are published; then scoring, retraining and
monitoring start.

- A night with incomplete inputs does not start; other nights are not affected.
- Manual runs: *First day* and *Last day* build history in one run, without starting downstream runs.
- After the correction of an old day, start the affected nights by hand, or use `contender backfill`.
"""

from __future__ import annotations

from functools import reduce
from operator import and_

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, PartitionedAssetTimetable, get_current_context, task

from contender.settings import PROJECT, settings, spark_settings
from contender.specs import ModelSpec
from night_mapper import NightMapper
from wiring import (
    CATALOG,
    Json,
    announce,
    build_each,
    dataset_asset,
    features_asset,
    gate_and_publish,
    night_dag,
    open_installation,
    predictions_asset,
    run_days,
)

SPARK_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.log.level": "WARN",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": str(settings().spark_partitions),
    # A day is one small file: list files without a Spark job, and read many of them in one task.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
    "spark.sql.files.openCostInBytes": "65536",
    **spark_settings(),
}


def build_features(model: ModelSpec) -> DAG:
    """The DAG of one model."""
    schedule = schedule_on_inputs(model)
    with night_dag(
        "features", model, __doc__, schedule, f"Features and labels of {model.name}", minutes=120
    ) as dag:
        planned = plan(model.name)
        on_spark = SparkSubmitOperator(
            task_id="build_on_spark",
            application=str(PROJECT / "spark_jobs" / "build_features.py"),
            application_args=["{{ ti.xcom_pull(task_ids='plan', key='plan')['file'] }}"],
            conf=SPARK_SETTINGS,
            name=f"features {model.name}",
        )
        batches = collect(model.name)
        planned >> [on_spark, build_on_duckdb()] >> batches
        labels = gate_and_publish(batches["labels"], "labels")
        features = gate_and_publish(batches["features"], "features")
        labels >> announce(features_asset(model.name), features)
    return dag


def schedule_on_inputs(model: ModelSpec) -> PartitionedAssetTimetable:
    """One run per night when all daily inputs are published; inputs delivered ahead are mapped to their night."""
    assets, mappers = [], {}
    for source, given in zip(CATALOG.sources(model), model.inputs, strict=True):
        if source.contract.daily:
            asset = dataset_asset(given.dataset) if given.dataset else predictions_asset(source.name)
            assets.append(asset)
            mappers[asset] = NightMapper(lead_days=source.lead_days)
    return PartitionedAssetTimetable(assets=reduce(and_, assets), partition_mapper_config=mappers)


@task.branch
def plan(name: str) -> str:
    """Pin the inputs' snapshots, write the plan, and choose the engine."""
    from contender.featurizing import plan_features

    here, model = open_installation(), CATALOG.model(name)
    made = plan_features(CATALOG, model, run_days(), here.lake, here.settings)
    get_current_context()["ti"].xcom_push(key="plan", value=made.model_dump(mode="json"))
    return f"build_on_{made.engine}"


@task
def build_on_duckdb() -> None:
    """Run the plan on DuckDB, in a separate process."""
    from contender.featurizing import Plan, run_in_process

    run_in_process(Plan.model_validate(get_current_context()["ti"].xcom_pull(task_ids="plan", key="plan")))


@task(trigger_rule="none_failed_min_one_success", multiple_outputs=True)
def collect(name: str) -> Json:
    """Stage the engine's output as one batch of features and one of labels."""
    from contender.featurizing import Plan
    from contender.featurizing import collect as collect_outputs

    planned = Plan.model_validate(get_current_context()["ti"].xcom_pull(task_ids="plan", key="plan"))
    batches = collect_outputs(CATALOG.model(name), planned, settings())
    return {output: batch.model_dump(mode="json") for output, batch in batches.items()}


build_each(CATALOG.models, "features", build_features)
