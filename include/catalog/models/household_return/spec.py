"""Predict whether a household shops again within seven days, for every household of the last four weeks.

The data's documentation is inconsistent on whether it is simulated; see the contract of the transactions.
"""

from contender.specs import Column, Guards, Input, ModelSpec, Monitoring, Recipe, Recovery, Slice

TREES = {"max_iter": 80, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 200}

SPEC = ModelSpec(
    name="household_return",
    description="Probability that a household that shopped in the last 28 days shops again within 7 days.",
    owner="store-models@contender.example",
    label="shopped on at least one of the 7 days after the day",
    limits=(
        "It covers households of one retailer's panel in 2017 that shopped in the last 28 days, and no new ones.",
        "The data may be simulated, its documentation is inconsistent: draw no conclusions about real people.",
        "Income and size of a household are classes, and unknown for many households.",
        "It predicts whether a household returns, not why, and not the effect of an offer.",
        "Do not use it for prices, credit or any terms offered to a household.",
    ),
    inputs=(
        Input(dataset="transactions", history_days=56),
        Input(dataset="products"),
        Input(dataset="demographics"),
    ),
    keys=(Column(name="household_id", type="integer", pii=True, description="the household"),),
    features=(
        Column(name="weekday", type="integer", description="1 is Sunday, 7 is Saturday"),
        Column(
            name="days_since", type="integer", unit="days", description="since the last day with a purchase"
        ),
        Column(
            name="gap_before",
            type="integer",
            unit="days",
            nullable=True,
            description="between the last two days with a purchase, if both lie in the last 56",
        ),
        Column(name="shopped_7", type="integer", unit="days", description="with a purchase, of the last 7"),
        Column(name="shopped_14", type="integer", unit="days", description="with a purchase, of the last 14"),
        Column(name="shopped_28", type="integer", unit="days", description="with a purchase, of the last 28"),
        Column(name="shopped_56", type="integer", unit="days", description="with a purchase, of the last 56"),
        Column(name="weeks_of_8", type="integer", unit="weeks", description="with a purchase, of the last 8"),
        Column(name="baskets_28", type="integer", description="baskets of the last 28 days"),
        Column(name="items_28", type="integer", description="products in these baskets"),
        Column(name="spend_7", type="number", unit="USD", description="of the last 7 days"),
        Column(name="spend_28", type="number", unit="USD", description="of the last 28 days"),
        Column(name="fresh_share", type="number", nullable=True, description="of the spend of 28 days"),
        Column(name="fuel_share", type="number", nullable=True, description="of the spend of 28 days"),
        Column(name="private_share", type="number", nullable=True, description="of it for the own brand"),
        Column(name="discount_share", type="number", nullable=True, description="off list prices, 28 days"),
        Column(name="household_size", type="string", unit="persons", description="1 to 5+, or unknown"),
        Column(name="income", type="string", unit="USD a year", description="class, or unknown"),
    ),
    recipes=(
        Recipe(name="boosted_trees", window_days=84, parameters=TREES, seed=20170301),
        Recipe(name="recent_trees", window_days=42, parameters=TREES, seed=20170301),
    ),
    # Fitted only while the world has changed: few days, or older days that count less.
    recovery=Recovery(
        recipes=(
            Recipe(name="newest_week", window_days=7, parameters=TREES, seed=20170301),
            Recipe(name="faded_trees", window_days=42, half_life_days=7, parameters=TREES, seed=20170301),
        ),
    ),
    baseline_features=("shopped_28",),
    slices=(
        Slice(column="household_size"),
        Slice(name="infrequent", column="shopped_28", values=(1, 2)),
    ),
    # The data varies little from day to day, so the bounds are tighter than for flights.
    guards=Guards(max_disagreement=0.05, max_calibration_error=0.08),
    monitoring=Monitoring(day_effects=("household_size",)),
    horizon_days=0,
    label_maturity_days=7,
)
