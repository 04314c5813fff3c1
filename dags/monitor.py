"""### Compare yesterday's predictions with the outcomes, and the newest features with recent days.

Starts when a night's labels have matured. **measure** compares the served predictions with the outcomes. **compare**
compares the newest features with those of the recent days, on all rows; it needs no labels. **conclude** combines both
into a verdict with its reason and a recommended action, and notifies the owner of a broken feed, a concept drift or a
regime break. **report** draws an Evidently report on a sample below the verdict. To open it, choose *Contender* in the
menu. **value** computes what the predictions were worth, if the model's contract says so (`contender cost`).

- A day without predictions is recorded as such and is not a failure.
- Manual runs: *Day* is the *night* to monitor.
"""

from __future__ import annotations

import logging

from airflow.sdk import DAG, PartitionedAssetTimetable, task

from alerts import deliver, report_url
from contender.specs import ModelSpec
from wiring import (
    CATALOG,
    Json,
    build_each,
    dump,
    features_asset,
    night_dag,
    open_installation,
    run_name,
    run_night,
)

log = logging.getLogger(__name__)


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
        concluded = conclude(model.name, measure(model.name), compare(model.name))
        report(model.name, concluded)
        if model.value is not None:
            value(model.name)
    return dag


@task
def measure(name: str) -> Json:
    """Compute the measures of the served predictions on rows with known outcomes."""
    from contender.monitoring import measure_performance

    return measure_performance(open_installation(), CATALOG.model(name), run_night()).model_dump(mode="json")


@task
def compare(name: str) -> Json:
    """Compare the newest features and predictions with those of the recent days, on all rows."""
    from contender.monitoring import compare_day

    return compare_day(open_installation(), CATALOG.model(name), run_night()).model_dump(mode="json")


@task
def conclude(name: str, performance: Json, changes: Json) -> Json:
    """Derive the verdict, its reason and the recommended action, and record them."""
    from contender.alerting import raise_verdict
    from contender.monitoring import Changes, Performance, keep_conclusion

    here = open_installation()
    measured, changed = Performance.model_validate(performance), Changes.model_validate(changes)
    monitored = keep_conclusion(CATALOG.model(name), measured, changed, run_name(), here.book)
    log.info("%s: %s", monitored.verdict, monitored.why)
    if raise_verdict(here, monitored, report_url(name, monitored.day)):
        deliver()
    return monitored.model_dump(mode="json")


@task
def report(name: str, monitored: Json) -> str | None:
    """Draw the drift report on a sample, framed by the verdict."""
    from contender.monitoring.report import draw_report
    from contender.records import Monitored

    return draw_report(open_installation(), CATALOG.model(name), Monitored.model_validate(monitored))


@task
def value(name: str) -> Json | None:
    """Value the served predictions, beside those of the baseline and of the version a week older."""
    from contender.accounting import keep_return

    return dump(keep_return(open_installation(), CATALOG.model(name), run_night()))


build_each(CATALOG.models, "monitor", build_monitor)
