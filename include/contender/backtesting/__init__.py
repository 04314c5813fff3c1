"""Backtest: run past nights with the same steps as the DAGs, without Airflow, registry or book."""

from contender.backtesting.fits import Fits, ServedDay
from contender.backtesting.history import BacktestError, History, build_history, read_history
from contender.backtesting.policies import POLICIES, Policy
from contender.backtesting.report import render_report
from contender.backtesting.run import Backtest, Cadence, PolicyResult, is_due, run_backtest, run_backtest_on

__all__ = [
    "POLICIES",
    "Backtest",
    "BacktestError",
    "Cadence",
    "Fits",
    "History",
    "Policy",
    "PolicyResult",
    "ServedDay",
    "build_history",
    "is_due",
    "read_history",
    "render_report",
    "run_backtest",
    "run_backtest_on",
]
