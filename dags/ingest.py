"""### Ingest the day's delivery into the lake.

One run per business day. **land** copies the delivery from the landing zone, or queries a database, and stages it as
typed Parquet, **gate** checks it against the dataset's contract, **publish** replaces the day in the Iceberg table in
one commit, and **announce** starts the downstream runs of the day.

- Late delivery: *land* is retried with increasing pauses until the contract's grace period is over. Then the owner gets
  a mail. A range fails at once if files of past days are missing, and names all of these days.
- Failed gate: the batch goes to quarantine, the owner gets a mail, and nothing downstream runs on it. Have the delivery
  corrected, then start the same day again.
- Closed day: a day that the contract declares closed needs no file. It passes without rows and starts its night.
- Repeated delivery: the same content changes nothing, changed content replaces the day. If the night of a model with
  several inputs has started already, **repeat_night_of_…** starts its features again.
- Schedule: days are started by cron if the setting `CONTENDER_NIGHTLY_FROM` contains the first day. Days missed in an
  outage are run afterwards.
- Released batch: a quarantined batch that a person has released (`operations__quarantine`) passes the same gate here,
  with a warning.
- Manual runs: *Day* for one day, *First day* and *Last day* for history. A range is published without starting
  downstream runs. Airflow's own field *Partition Key* does the same as *Day*; the form has it if the DAG is scheduled.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, CronPartitionTimetable, Param, PartitionedAtRuntime, get_current_context, task

from connections import database_url
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
        description="Id of a released batch to ingest instead of the delivery. Leave empty otherwise.",
    )
}
# The pauses double from half a minute; from then on, each takes a quarter of an hour.
FIRST_RETRIES = 5


def build_ingest(spec: DatasetSpec) -> DAG:
    """The DAG of one dataset."""
    with night_dag(
        "ingest", spec, __doc__, nightly_timetable(spec), spec.description, form=QUARANTINED
    ) as dag:
        announce(dataset_asset(spec.name), gate_and_publish(land_with_retries(spec)(spec.name)))
    return dag


def nightly_timetable(spec: DatasetSpec) -> CronPartitionTimetable | PartitionedAtRuntime:
    """Cron on the morning after the day, or earlier by the lead of the dataset's delivery; by hand if not scheduled."""
    if settings().nightly_from is None:
        return PartitionedAtRuntime()
    # The offset counts runs of the cron schedule: one per day for a daily dataset.
    offset = spec.delivery.lead_days - 1 if spec.kind == "daily" else 0
    return CronPartitionTimetable(
        spec.delivery.cron, timezone="UTC", run_offset=offset, key_format="%Y-%m-%d"
    )


def land_with_retries(spec: DatasetSpec) -> Any:
    """The task *land*, with retries until the grace period is over: soon at first, then every quarter of an hour."""
    return land.override(retries=FIRST_RETRIES + 4 * spec.delivery.grace_hours)


@task
def land(name: str) -> Json:
    """Copy the day's files from the landing zone, or query its rows, and stage them, including invalid ones."""
    from contender.admission import receive_batch

    released = get_current_context()["params"]["quarantined"]
    batch = receive_batch(open_installation(), name, run_days(), released, database_url)
    return batch.model_dump(mode="json")


build_each(CATALOG.datasets, "ingest", build_ingest)
