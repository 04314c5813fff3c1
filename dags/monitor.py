"""### Yesterday's predictions against what happened.

Starts when a night's labels have matured. **measure** holds the predictions that were served against the outcomes;
**compare** writes an Evidently report on a sample of the features up to the night, which wait for no label;
**conclude** puts both together into a drift verdict and the action that should follow. The report opens from
*Contender* in the menu.

- A day without predictions is measured as that, and is no failure.
- By hand: a day is the *night* to conclude for.
"""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable, task

from contender.settings import settings
from contender.specs import Days, ModelSpec
from wiring import CATALOG, Json, build_each, features_asset, night_dag, run_days, run_name, run_night


def build_monitor(model: ModelSpec) -> DAG:
    """The DAG of one model."""
    schedule = PartitionedAssetTimetable(assets=features_asset(model.name))
    with night_dag(
        "monitor", model, __doc__, schedule, f"How {model.name} did, and whether its world has changed"
    ) as dag:
        conclude(model.name, measure(model.name), compare(model.name))
    return dag


@task
def measure(name: str) -> Json:
    """Measure the served predictions on the rows whose outcome is known."""
    from contender.lake import open_lake
    from contender.monitoring import measure_performance
    from contender.records import open_book

    here, model = settings(), CATALOG.model(name)
    day = model.matured_days(Days.one(run_night())).last
    stores = open_lake(here), open_book(here.records)
    return measure_performance(CATALOG, model, day, *stores).model_dump(mode="json")


@task
def compare(name: str) -> Json:
    """Compare the newest features with those of the weeks before, on a sample."""
    from contender.lake import open_lake
    from contender.monitoring import compare_features

    here, newest = settings(), run_days().last
    return compare_features(CATALOG.model(name), newest, open_lake(here), here).model_dump(mode="json")


@task
def conclude(name: str, performance: Json, drift: Json) -> str:
    """Name the verdict and the action, and keep them."""
    from contender.monitoring import Drift, Performance, keep_conclusion
    from contender.records import open_book

    measured, drifted = Performance.model_validate(performance), Drift.model_validate(drift)
    book = open_book(settings().records)
    monitored = keep_conclusion(CATALOG.model(name), measured, drifted, run_name(), book)
    return f"{monitored.verdict}: {monitored.action}"


build_each(CATALOG.models, "monitor", build_monitor)
