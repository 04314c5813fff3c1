"""Predict delays of tomorrow's flights, scored the night before."""

from contender.specs import Approval, Column, Input, ModelSpec, Monitoring, Recipe, Recovery, Slice, Value

TREES = {"max_iter": 80, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 200}

SPEC = ModelSpec(
    name="flight_delay",
    description="Probability that a departure from New York arrives late or is cancelled.",
    owner="flight-models@contender.example",
    label="arrived more than 15 minutes late, or was cancelled",
    limits=(
        "It was trained only on departures from New York's three airports in 2013.",
        "Inputs: the timetable, and outcomes and weather up to the evening before. It uses no weather forecasts.",
        "A cancelled flight counts as late: predictions do not distinguish the two.",
        "Rates over the last 28 days adapt slowly to a strike, a storm or a new timetable.",
        "Do not use it for decisions about compensation, a person's work, or safety.",
    ),
    inputs=(
        Input(dataset="schedule"),
        Input(dataset="departures", history_days=28),
        Input(dataset="weather"),
        Input(dataset="planes"),
        Input(dataset="airports"),
    ),
    keys=(
        Column(name="carrier", type="string", description="airline"),
        Column(name="flight", type="integer", description="flight number"),
        Column(name="origin", type="string", description="departure airport"),
    ),
    features=(
        Column(name="airline", type="string", description="the carrier, as a category"),
        Column(name="airport", type="string", description="the origin, as a category"),
        Column(name="dep_hour", type="integer", unit="hours", description="local, by timetable"),
        Column(name="arr_hour", type="integer", unit="hours", description="local, by timetable"),
        Column(name="weekday", type="integer", description="1 is Sunday, 7 is Saturday"),
        Column(name="distance", type="number", unit="miles", description="between the airports"),
        Column(name="dest_lat", type="number", unit="°", nullable=True, description="of the destination"),
        Column(name="dest_lon", type="number", unit="°", nullable=True, description="of the destination"),
        Column(name="hour_flights", type="integer", description="departures in that hour from the airport"),
        Column(name="carrier_late", type="number", nullable=True, description="share late, 28 days"),
        Column(name="origin_late", type="number", nullable=True, description="share late, 28 days"),
        Column(name="dest_late", type="number", nullable=True, description="share late, 28 days"),
        Column(
            name="flight_late",
            type="number",
            nullable=True,
            description="share late of the flight number, 28 days",
        ),
        Column(name="flight_seen", type="integer", description="departures of the flight number, 28 days"),
        Column(
            name="origin_late_newest",
            type="number",
            nullable=True,
            description="share late at the airport, newest known day",
        ),
        Column(
            name="carrier_late_newest",
            type="number",
            nullable=True,
            description="share late of the airline, newest known day",
        ),
        Column(
            name="seats",
            type="number",
            nullable=True,
            description="mean seats of the airline's aircraft on the route, 28 days",
        ),
        Column(
            name="built",
            type="number",
            nullable=True,
            unit="year",
            description="mean year of manufacture of those aircraft",
        ),
        Column(name="humid", type="number", unit="%", nullable=True, description="last known, at origin"),
        Column(name="wind", type="number", unit="mph", nullable=True, description="strongest of the day"),
        Column(name="rain", type="number", unit="inches", nullable=True, description="wettest hour"),
        Column(name="visib", type="number", unit="miles", nullable=True, description="lowest of the day"),
    ),
    recipes=(
        Recipe(
            name="boosted_trees",
            window_days=365,
            parameters=TREES,
            seed=20130901,
        ),
        Recipe(name="linear", estimator="linear", window_days=365, parameters={"C": 0.1}, seed=20130901),
    ),
    # Fitted only while the world has changed: a week or four of flights, without the year before.
    recovery=Recovery(
        recipes=(
            Recipe(name="newest_week", window_days=7, parameters=TREES, seed=20130901),
            Recipe(name="newest_weeks", window_days=28, parameters=TREES, seed=20130901),
        ),
    ),
    # Refreshes are routine; a new recipe is reviewed by a person.
    approval=Approval(new_recipes=True),
    baseline_features=("airport", "dep_hour"),
    slices=(Slice(column="airport"), Slice(column="airline")),
    # Weather delays an airport, and more flights the later it gets.
    monitoring=Monitoring(day_effects=("airport", "arr_hour")),
    # Figures of an invented rebooking desk: a prepared rebooking saves 8 dollars if the flight is late, and costs 2.
    value=Value(true_positive=6.0, false_positive=-2.0, act_from=0.25),
)
