"""### From the landing zone into the lake.

One run a business day: **land** copies the delivery and stages it as typed Parquet, **gate** holds it to the
dataset's contract, **publish** replaces the day in the Iceberg table by one commit, and **announce** starts what
waits for this day.

- A delivery that is late: *land* is tried again with growing pauses, for as long as the contract's grace; then its
  owner is told.
- A delivery that fails its gate waits in quarantine, its owner gets a mail, and nothing downstream runs on it. Have it
  corrected and start the same day again.
- A day that the contract declares closed needs no file: it passes without rows and starts its night all the same.
- The same day twice changes nothing; a changed delivery replaces the day.
- Cron starts a day when the setting `CONTENDER_NIGHTLY_FROM` says from when on. After an outage, missed days follow.
- A batch in quarantine that a person has released (`operations__quarantine`) comes back here, through the same gate,
  which now lets it pass with a warning.
- By hand: a partition key (or the form's *Day*) for one day, *First* and *Last* for history. A range publishes without
  starting anything downstream.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, CronPartitionTimetable, Param, PartitionedAtRuntime, get_current_context, task

from contender.settings import settings
from contender.specs import DatasetSpec
from wiring import (
    CATALOG,
    Json,
    announce,
    build_each,
    dataset_asset,
    gate_and_publish,
    night_dag,
    open_installation,
    run_days,
)

QUARANTINED = {
    "quarantined": Param(
        None,
        type=["null", "string"],
        title="Quarantined batch",
        description="Id of a released batch to take in place of the delivery; leave it empty otherwise.",
    )
}
SOON = 5  # with pauses that double from half a minute, before they reach a quarter of an hour


def build_ingest(spec: DatasetSpec) -> DAG:
    """The DAG of one dataset."""
    with night_dag("ingest", spec, __doc__, each_night(spec), spec.description, form=QUARANTINED) as dag:
        announce(dataset_asset(spec.name), gate_and_publish(patiently(spec)(spec.name)))
    return dag


def each_night(spec: DatasetSpec) -> CronPartitionTimetable | PartitionedAtRuntime:
    """By cron in the morning after the day, or as many days before it as the dataset is delivered ahead."""
    if settings().nightly_from is None:
        return PartitionedAtRuntime()
    # Counted in ticks of the cron line, of which a daily dataset has one a day.
    offset = spec.delivery.lead_days - 1 if spec.kind == "daily" else 0
    return CronPartitionTimetable(
        spec.delivery.cron, timezone="UTC", run_offset=offset, key_format="%Y-%m-%d"
    )


def patiently(spec: DatasetSpec) -> Any:
    """The task *land*, tried again soon at first and then every quarter of an hour, till the grace is over."""
    return land.override(retries=SOON + 4 * spec.delivery.grace_hours)


@task
def land(name: str) -> Json:
    """Copy the day's files out of the landing zone and stage their rows, whatever their state."""
    from contender.admission import find_quarantined
    from contender.ingesting import land as land_days

    if batch_id := get_current_context()["params"]["quarantined"]:
        batch = find_quarantined(open_installation(), batch_id).batch
    else:
        batch = land_days(CATALOG.dataset(name), run_days(), settings())
    return batch.model_dump(mode="json")


build_each(CATALOG.datasets, "ingest", build_ingest)
