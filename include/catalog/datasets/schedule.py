"""Tomorrow's timetable, without any outcome."""

from contender.specs import Between, Column, DatasetSpec, Delivery, InSet, Matches, RowCount, Usual

SPEC = DatasetSpec(
    name="schedule",
    description="Timetable of New York's three airports, delivered the day before.",
    owner="flight-data@contender.example",
    delivery=Delivery(path="schedule/{day}.csv", cron="0 7 * * *", lead_days=1, grace_hours=4),
    columns=(
        Column(name="day", type="date", description="local day of the scheduled departure"),
        Column(name="carrier", type="string", description="airline, two characters"),
        Column(name="flight", type="integer", description="flight number"),
        Column(name="origin", type="string", description="departure airport, FAA code"),
        Column(name="dest", type="string", description="destination airport, FAA code"),
        Column(name="sched_dep_time", type="integer", unit="HHMM", description="local, by timetable"),
        Column(name="sched_arr_time", type="integer", unit="HHMM", description="local, by timetable"),
        Column(name="distance", type="number", unit="miles", description="between the airports"),
    ),
    primary_key=("day", "carrier", "flight", "origin"),
    guarantees=(
        "No column contains an outcome, and rows are sorted by the key.",
        "It is delivered before the day starts.",
    ),
    expectations=(
        RowCount(low=500, high=1300),
        InSet(column="origin", values=("EWR", "JFK", "LGA")),
        Matches(column="carrier", pattern=r"^[A-Z0-9]{2}$"),
        Matches(column="dest", pattern=r"^[A-Z]{3}$"),
        Between(column="flight", low=1, high=9999),
        Between(column="sched_dep_time", low=0, high=2400),
        Between(column="sched_arr_time", low=0, high=2400),
        Between(column="distance", low=10, high=6000),
        # Few flights leave at night: times in another time zone would fail this.
        Between(column="sched_dep_time", low=500, high=2400, mostly=0.99),
    ),
    # A timetable with another distribution is almost always an error of the export.
    usual=Usual(min_distance=0.25, distribution_severity="fail"),
)
