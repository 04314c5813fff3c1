"""Will a flight of tomorrow be late? Scored in the night before it leaves."""

from contender.specs import Approval, Column, Input, ModelSpec, Monitoring, Recipe, Slice

SPEC = ModelSpec(
    name="flight_delay",
    description="Probability that a departure from New York arrives late or is cancelled.",
    owner="flight-models@contender.example",
    label="arrived more than 15 minutes late, or was cancelled",
    limits=(
        "It knows departures from New York's three airports in 2013 alone: no other airport, no other year.",
        "It knows the timetable, and outcomes and weather up to the evening before, and no forecast.",
        "A flight that is cancelled counts as late: it does not tell the two apart.",
        "Rates of the last 28 days follow a strike, a storm or a new timetable only as days pass.",
        "Not for decisions about a passenger's compensation or a person's work, and not for safety.",
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
        Column(name="origin", type="string", description="airport left from"),
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
        Column(name="hour_flights", type="integer", description="departures of the hour and airport"),
        Column(name="carrier_late", type="number", nullable=True, description="share late, 28 days"),
        Column(name="origin_late", type="number", nullable=True, description="share late, 28 days"),
        Column(name="dest_late", type="number", nullable=True, description="share late, 28 days"),
        Column(
            name="flight_late",
            type="number",
            nullable=True,
            description="share late of the carrier's flight of that number, 28 days",
        ),
        Column(name="flight_seen", type="integer", description="how often that flight left, 28 days"),
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
            description="mean seats of the aircraft that flew the route for the airline, 28 days",
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
        Column(name="visib", type="number", unit="miles", nullable=True, description="least of the day"),
    ),
    recipes=(
        Recipe(
            name="boosted_trees",
            window_days=365,
            parameters={"max_iter": 80, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 200},
            seed=20130901,
        ),
        Recipe(name="linear", estimator="linear", window_days=365, parameters={"C": 0.1}, seed=20130901),
    ),
    # A refresh is tonight's weather; another recipe is for those who know flights to see first.
    approval=Approval(new_recipes=True),
    baseline_features=("airport", "dep_hour"),
    slices=(Slice(column="airport"), Slice(column="airline")),
    # Half of the features are rates and weather of the last days, which move every week, and one day's
    # Brier score doubles in a storm: both are usual here.
    monitoring=Monitoring(max_drifted_share=0.7, max_loss_ratio=2.0),
)
