"""The estimator: boosted trees, which predict no move larger than those that they were trained on."""

from __future__ import annotations

from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline


def build_estimator(parameters: dict[str, object], seed: int) -> Pipeline:
    """Return boosted trees with the recipe's parameters. Missing numbers are handled by the trees."""
    return make_pipeline(
        HistGradientBoostingRegressor(loss="absolute_error", random_state=seed, **parameters)
    )
