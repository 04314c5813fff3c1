"""Integers beyond 2^53, such as ids of 19 digits and timestamps in nanoseconds, pass gate and lake unchanged."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from contender.admission import gate_batch, publish_batch
from contender.ingesting import land
from contender.records import migrate
from contender.specs import Between, Column, DatasetSpec, Days, Delivery
from tests.made_up_catalog import install

DAY = date(2024, 3, 1)
IDS = [1_700_000_000_000_000_001 + number for number in range(30)]
EVENTS = DatasetSpec(
    name="events",
    description="events of an application",
    owner="events@contender.example",
    delivery=Delivery(path="events/{day}.csv", cron="30 3 * * *"),
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="id", type="integer", description="id of the event"),
    ),
    primary_key=("day", "id"),
    expectations=(Between(column="id", low=0, high=2.0**63),),
)


def test_ids_of_19_digits_pass_the_gate_and_keep_every_digit(here):
    migrate(here.records)
    installation = install(here, [EVENTS])
    file = Path(here.landing) / "events" / f"{DAY}.csv"
    file.parent.mkdir(parents=True)
    file.write_text("day,id\n" + "".join(f"{DAY},{number}\n" for number in IDS))
    batch = land(EVENTS, Days.one(DAY), here)
    assert gate_batch(installation, batch, "night").verdict == "pass"
    publish_batch(installation, batch, "night")
    rows = installation.lake.read(EVENTS.contract, Days.one(DAY))
    assert sorted(rows["id"].to_pylist()) == IDS
