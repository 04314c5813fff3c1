"""### Compare yesterday's predictions with the outcomes, and check features for drift.

Starts when a night's labels have matured. **measure** compares the served predictions with the outcomes. **compare**
writes an Evidently report on a sample of the features up to the night, which need no labels. **conclude** combines both
into a drift verdict with a recommended action. To open the report, choose *Contender* in the menu.

- A day without predictions is recorded as such and is not a failure.
- Manual runs: *Day* is the *night* to monitor.
"""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable, task

from contender.specs import Days, ModelSpec
from wiring import (
    CATALOG,
    Json,
    build_each,
    features_asset,
    night_dag,
    open_installation,
    run_days,
    run_name,
    run_night,
)


def build_monitor(model: ModelSpec) -> DAG:
    """The DAG of one model."""
    schedule = PartitionedAssetTimetable(assets=features_asset(model.name))
    with night_dag(
        "monitor",
        model,
        __doc__,
        schedule,
        f"Loss of {model.name}'s served predictions, and drift of its features",
    ) as dag:
        conclude(model.name, measure(model.name), compare(model.name))
    return dag


@task
def measure(name: str) -> Json:
    """Compute the measures of the served predictions on rows with known outcomes."""
    from contender.monitoring import measure_performance

    model = CATALOG.model(name)
    day = model.matured_days(Days.one(run_night())).last
    return measure_performance(open_installation(), model, day).model_dump(mode="json")


@task
def compare(name: str) -> Json:
    """Compare the newest features with those of the previous weeks, on a sample."""
    from contender.monitoring import compare_features

    return compare_features(open_installation(), CATALOG.model(name), run_days().last).model_dump(mode="json")


@task
def conclude(name: str, performance: Json, drift: Json) -> str:
    """Derive the drift verdict and the recommended action, and record them."""
    from contender.monitoring import Drift, Performance, keep_conclusion

    measured, drifted = Performance.model_validate(performance), Drift.model_validate(drift)
    monitored = keep_conclusion(CATALOG.model(name), measured, drifted, run_name(), open_installation().book)
    return f"{monitored.verdict}: {monitored.action}"


build_each(CATALOG.models, "monitor", build_monitor)
