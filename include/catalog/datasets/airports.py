"""The airports of North America and their positions."""

from contender.specs import Between, Column, DatasetSpec, Delivery, Matches, RowCount

SPEC = DatasetSpec(
    name="airports",
    description="Airports by FAA code; a reference table, replaced whole.",
    owner="flight-data@contender.example",
    kind="reference",
    delivery=Delivery(path="airports.csv", cron="0 6 * * 1"),
    columns=(
        Column(name="faa", type="string", description="FAA code"),
        Column(name="name", type="string", description="the airport's name"),
        Column(name="lat", type="number", unit="°", description="latitude"),
        Column(name="lon", type="number", unit="°", description="longitude"),
        Column(name="alt", type="number", unit="feet", description="altitude"),
        Column(name="tz", type="number", unit="hours", description="offset from UTC in winter"),
        Column(name="dst", type="string", description="daylight saving time: A, U or N"),
        Column(name="tzone", type="string", nullable=True, description="IANA time zone"),
    ),
    primary_key=("faa",),
    expectations=(
        RowCount(low=500, high=20000),
        Matches(column="faa", pattern=r"^[A-Z0-9]{3}$"),
        Between(column="lat", low=-90, high=90),
        Between(column="lon", low=-180, high=180),
    ),
)
