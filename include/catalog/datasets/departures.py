"""Outcomes of departures: delays, cancellations and the aircraft that flew."""

from contender.specs import Between, Column, DatasetSpec, Delivery, InSet, Matches, RowCount

SPEC = DatasetSpec(
    name="departures",
    description="Outcomes of all departures from New York's three airports, delivered the day after.",
    owner="flight-data@contender.example",
    delivery=Delivery(path="departures/{day}.csv", cron="30 7 * * *", grace_hours=4),
    columns=(
        Column(name="day", type="date", description="local day of the scheduled departure"),
        Column(name="carrier", type="string", description="airline, two characters"),
        Column(name="flight", type="integer", description="flight number"),
        Column(name="origin", type="string", description="departure airport, FAA code"),
        Column(name="dest", type="string", description="destination airport, FAA code"),
        Column(name="sched_dep_time", type="integer", unit="HHMM", description="local, by timetable"),
        Column(
            name="dep_time",
            type="integer",
            unit="HHMM",
            nullable=True,
            description="local; missing when the flight was cancelled",
        ),
        Column(
            name="dep_delay",
            type="number",
            unit="minutes",
            nullable=True,
            description="negative when early; missing when cancelled",
        ),
        Column(name="arr_time", type="integer", unit="HHMM", nullable=True, description="local"),
        Column(
            name="arr_delay",
            type="number",
            unit="minutes",
            nullable=True,
            description="missing when cancelled or diverted",
        ),
        Column(
            name="air_time",
            type="number",
            unit="minutes",
            nullable=True,
            description="missing when cancelled or diverted",
        ),
        Column(
            name="tailnum",
            type="string",
            nullable=True,
            description="aircraft; an outcome, since it is missing only for cancelled flights",
        ),
    ),
    primary_key=("day", "carrier", "flight", "origin"),
    guarantees=(
        "Cancelled flights are included, without times.",
        "A day is complete when it is published; a correction replaces the whole day.",
    ),
    expectations=(
        RowCount(low=500, high=1300),
        InSet(column="origin", values=("EWR", "JFK", "LGA")),
        Matches(column="carrier", pattern=r"^[A-Z0-9]{2}$"),
        Matches(column="dest", pattern=r"^[A-Z]{3}$"),
        Between(column="flight", low=1, high=9999),
        Between(column="sched_dep_time", low=0, high=2400),
        Between(column="dep_time", low=1, high=2400),
        Between(column="dep_delay", low=-60, high=2000),
        Between(column="arr_delay", low=-120, high=2000),
        Between(column="air_time", low=10, high=900),
    ),
)
