"""Predict how much a stock's price will move in the coming week, from how much it moved before.

Its data spans the crash of March 2020, when moves became five times as large within three weeks.
"""

from contender.specs import Column, Input, ModelSpec, Recipe, Recovery


def _percent(name: str, description: str) -> Column:
    return Column(name=name, type="number", unit="%", description=description)


SPEC = ModelSpec(
    name="stock_volatility",
    description="Mean size of the daily price changes of a stock in the 7 days after a trading day, in percent.",
    owner="market-models@contender.example",
    label="mean absolute change of the closing price from one trading day to the next, in the 7 days after, in %",
    predicts="quantity",
    loss="absolute",
    limits=(
        "It covers 20 large companies that were still listed at the end of 2022, and none that failed before.",
        "Its only input is past prices: no news, no calendar of earnings, no prices of options.",
        "Boosted trees predict no move larger than those that they were trained on.",
        "It predicts how much a price moves, not in which direction.",
        "Do not use it for investment or trading: the documentation of its data excludes both.",
    ),
    inputs=(Input(dataset="stock_prices", history_days=98),),
    keys=(Column(name="ticker", type="string", description="the company's stock"),),
    features=(
        Column(name="weekday", type="integer", description="2 is Monday, 6 is Friday"),
        _percent("move_1", "size of the day's change"),
        _percent("move_7", "mean size of the daily changes of 7 days"),
        _percent("move_28", "the same of 28 days"),
        _percent("move_91", "the same of 91 days"),
        _percent("largest_28", "largest of the daily changes of 28 days"),
        _percent("trend_7", "sum of the changes of 7 days"),
        _percent("trend_28", "sum of the changes of 28 days"),
        _percent("market_1", "mean size of the day's changes of all stocks"),
        _percent("market_7", "the same of 7 days"),
        _percent("market_28", "the same of 28 days"),
    ),
    recipes=(
        Recipe(
            name="boosted_trees",
            window_days=730,
            parameters={"max_iter": 80, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 100},
            seed=20200102,
        ),
        Recipe(name="linear", estimator="linear", window_days=730, parameters={"alpha": 1.0}, seed=20200102),
    ),
    # Fitted only while the world has changed: few days, old days that count less, and a model that extrapolates.
    recovery=Recovery(
        recipes=(
            Recipe(
                name="recent_trees",
                window_days=60,
                parameters={"max_iter": 80, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 40},
                seed=20200102,
            ),
            Recipe(
                name="faded_trees",
                window_days=730,
                half_life_days=21,
                parameters={"max_iter": 80, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 100},
                seed=20200102,
            ),
            Recipe(
                name="newest_linear",
                estimator="linear",
                window_days=730,
                parameters={"alpha": 1.0},
                seed=20200102,
            ),
        ),
    ),
    evaluation_days=14,
    baseline_features=("move_28",),
    horizon_days=0,
    label_maturity_days=7,
)
