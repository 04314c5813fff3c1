"""Backtest: lives a span of past nights over the same judgements as the DAGs, without Airflow, registry or book."""

from contender.backtesting.fits import ServedDay
from contender.backtesting.history import BacktestError, History, read_history
from contender.backtesting.live import Backtest, Lived, live
from contender.backtesting.policies import POLICIES, Policy
from contender.backtesting.report import render_report

__all__ = [
    "POLICIES",
    "Backtest",
    "BacktestError",
    "History",
    "Lived",
    "Policy",
    "ServedDay",
    "live",
    "read_history",
    "render_report",
]
