"""The steps of a retraining night: fit, pair, evaluate, decide, promote, score in shadow.

Each step is one function. The tasks of a retrain DAG, the backtest, the replay and the tests call the same functions,
with the stores of an installation or the memory of a backtest.
"""

from contender.evaluating import EvaluationError
from contender.retraining.installed import InstalledStores
from contender.retraining.night import Night, run_night
from contender.retraining.steps import (
    Promoted,
    compute_night_evidence,
    decide,
    evaluate_versions,
    fit_version,
    list_recipes,
    order_versions,
    pair_streams,
    promote,
    score_in_shadow,
)
from contender.retraining.stores import NightStores, RaceStores
from contender.training import TooFewRows, TrainingError

__all__ = [
    "EvaluationError",
    "InstalledStores",
    "Night",
    "NightStores",
    "Promoted",
    "RaceStores",
    "TooFewRows",
    "TrainingError",
    "compute_night_evidence",
    "decide",
    "evaluate_versions",
    "fit_version",
    "list_recipes",
    "order_versions",
    "pair_streams",
    "promote",
    "run_night",
    "score_in_shadow",
]
