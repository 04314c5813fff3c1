"""Backtest: lives a span of past nights over the same judgements as the DAGs, without Airflow, registry or book."""

from contender.backtesting.fits import Fits, ServedDay
from contender.backtesting.history import BacktestError, History, build_history, read_history
from contender.backtesting.live import Backtest, Cadence, Lived, is_due, live, live_with
from contender.backtesting.policies import POLICIES, Policy
from contender.backtesting.report import render_report

__all__ = [
    "POLICIES",
    "Backtest",
    "BacktestError",
    "Cadence",
    "Fits",
    "History",
    "Lived",
    "Policy",
    "ServedDay",
    "build_history",
    "is_due",
    "live",
    "live_with",
    "read_history",
    "render_report",
]
