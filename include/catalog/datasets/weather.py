"""Hourly weather at the three airports."""

from contender.specs import Between, Column, DatasetSpec, Delivery, InSet, OnDay, RowCount

SPEC = DatasetSpec(
    name="weather",
    description="Hourly observations at the three airports, for the previous local day.",
    owner="flight-data@contender.example",
    delivery=Delivery(path="weather/{day}.csv", cron="15 7 * * *", grace_hours=4),
    columns=(
        Column(name="day", type="date", description="local day of the observation"),
        Column(name="origin", type="string", description="airport, FAA code"),
        Column(name="observed_at", type="timestamp", description="hour of the observation, UTC"),
        Column(name="temp", type="number", unit="°F", nullable=True, description="temperature"),
        Column(name="dewp", type="number", unit="°F", nullable=True, description="dew point"),
        Column(name="humid", type="number", unit="%", nullable=True, description="humidity"),
        Column(name="wind_dir", type="number", unit="°", nullable=True, description="wind direction"),
        Column(name="wind_speed", type="number", unit="mph", nullable=True, description="wind"),
        Column(
            name="wind_gust",
            type="number",
            unit="mph",
            nullable=True,
            description="missing if there were no gusts",
        ),
        Column(name="precip", type="number", unit="inches", nullable=True, description="rain, snow"),
        Column(name="pressure", type="number", unit="mbar", nullable=True, description="at sea level"),
        Column(name="visib", type="number", unit="miles", nullable=True, description="visibility"),
    ),
    primary_key=("origin", "observed_at"),
    guarantees=("Hours are UTC and belong to the local day in New York, also when clocks change.",),
    expectations=(
        RowCount(low=40, high=80),
        InSet(column="origin", values=("EWR", "JFK", "LGA")),
        Between(column="temp", low=-30, high=120),
        Between(column="dewp", low=-40, high=100),
        Between(column="humid", low=0, high=100),
        Between(column="wind_dir", low=0, high=360),
        # The source has one hour with 1,048 mph, in February: a single row like it passes.
        Between(column="wind_speed", low=0, high=150, mostly=0.95),
        Between(column="wind_gust", low=0, high=250),
        Between(column="precip", low=0, high=10),
        Between(column="pressure", low=900, high=1100),
        Between(column="visib", low=0, high=20),
        OnDay(column="observed_at", zone="America/New_York"),
    ),
)
