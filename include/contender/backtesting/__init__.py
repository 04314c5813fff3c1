"""Backtest: run past nights with the same steps as the DAGs, without Airflow, registry or book."""

from contender.backtesting.advice import advise_cadence
from contender.backtesting.cadences import CADENCES, CadenceName, find_cadence
from contender.backtesting.differences import Difference, compare_served
from contender.backtesting.fits import Fits
from contender.backtesting.history import BacktestError, History, Late, build_history, cut, read_history
from contender.backtesting.made import Made, ServedDay
from contender.backtesting.policies import POLICIES, Policy
from contender.backtesting.report import (
    SMOOTHED_DAYS,
    TEMPLATES,
    name_days,
    place_day,
    render_report,
    smooth_losses,
)
from contender.backtesting.run import Backtest, PolicyResult, run_backtest, run_backtest_on

__all__ = [
    "CADENCES",
    "POLICIES",
    "SMOOTHED_DAYS",
    "TEMPLATES",
    "Backtest",
    "BacktestError",
    "CadenceName",
    "Difference",
    "Fits",
    "History",
    "Late",
    "Made",
    "Policy",
    "PolicyResult",
    "ServedDay",
    "advise_cadence",
    "build_history",
    "compare_served",
    "cut",
    "find_cadence",
    "name_days",
    "place_day",
    "read_history",
    "render_report",
    "run_backtest",
    "run_backtest_on",
    "smooth_losses",
]
