"""The steps of a retraining night: fit, pair, evaluate, decide, promote, score in shadow.

A night in which no fit is due only pairs and scores in shadow. Each step is one function. The tasks of a retrain DAG,
the backtest, the replay and the tests call the same functions, with the stores of an installation or the memory of a
backtest.
"""

from contender.evaluating import EvaluationError
from contender.retraining.cadence import (
    REFRESHES_COMPARED,
    FitFacts,
    judge_fit,
    list_new_days,
    measure_staleness,
)
from contender.retraining.due import NotDue, choose_recipes, collect_versions, find_newest, judge_night
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
    "REFRESHES_COMPARED",
    "EvaluationError",
    "FitFacts",
    "InstalledStores",
    "Night",
    "NightStores",
    "NotDue",
    "Promoted",
    "RaceStores",
    "TooFewRows",
    "TrainingError",
    "choose_recipes",
    "collect_versions",
    "compute_night_evidence",
    "decide",
    "evaluate_versions",
    "find_newest",
    "fit_version",
    "judge_fit",
    "judge_night",
    "list_new_days",
    "list_recipes",
    "measure_staleness",
    "order_versions",
    "pair_streams",
    "promote",
    "run_night",
    "score_in_shadow",
]
