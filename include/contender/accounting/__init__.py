"""What a model costs and returns: its tasks at a price, its predictions by the worth that its contract declares."""

from contender.accounting.account import Account, Finding, Forecast, Prices, Share, Step, Terms, Week, settle
from contender.accounting.drawing import draw_account
from contender.accounting.phrases import describe, digest, money, summarise
from contender.accounting.read import read_account
from contender.accounting.returns import keep_return
from contender.accounting.worth import worth

__all__ = [
    "Account",
    "Finding",
    "Forecast",
    "Prices",
    "Share",
    "Step",
    "Terms",
    "Week",
    "describe",
    "digest",
    "draw_account",
    "keep_return",
    "money",
    "read_account",
    "settle",
    "summarise",
    "worth",
]
