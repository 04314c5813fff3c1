"""An account in sentences, the same on the command line and on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from contender.accounting.account import Account, Finding
from contender.records import Interval

_VERDICTS: dict[Finding, str] = {
    "pays": "It pays: the whole interval of its return is above its cost.",
    "does not pay": "It does not pay: the whole interval of its return is below its cost.",
    "not shown": "Whether it pays is not shown: the interval of its return includes its cost.",
    "no return known": "Whether it pays is not known yet: that needs recorded nights, and outcomes of a few days.",
    "no worth declared": "Its return is unknown: its spec.py does not declare `value`, what predictions are worth.",
}


def describe(account: Account) -> tuple[str, ...]:
    """Return the answer in one line, then what it rests on."""
    lines = [" ".join((_cost(account), *_gain(account), _VERDICTS[account.finding]))]
    if account.break_even is not None and account.gain is not None and account.rows:
        lines.append(
            f"Break-even: {money(account.break_even, account.currency)} a row; a row returns "
            f"{money(account.gain / account.rows, account.currency)} more than the baseline."
        )
    if account.of_refreshing is not None:
        lines.append(
            f"Refreshing: {money(account.of_refreshing, account.currency)} a day more than the version a week "
            f"older{_between(account.of_refreshing_interval, account.currency)}."
        )
    lines += [*_fits(account), *_trend(account), *_forecast(account)]
    return tuple(lines)


def digest(account: Account) -> str:
    """Return what an owner should know without asking: the answer in one line, and whether it is getting worse."""
    return " ".join((describe(account)[0], *_trend(account)))


def summarise(accounts: Sequence[Account]) -> str:
    """Return in one sentence how many models pay."""
    if not accounts:
        return "There is no model that you may see."
    counted = Counter(one.finding for one in accounts)
    listed = ", ".join(f"{count} {finding}" for finding, count in counted.items())
    return f"{len(accounts)} model{'' if len(accounts) == 1 else 's'}: {listed}."


def money(amount: float, currency: str) -> str:
    """Return an amount with as many decimals as small amounts need."""
    if amount == 0 or abs(amount) >= 1:
        return f"{amount:,.2f} {currency}"
    return f"{amount:.2g} {currency}" if abs(amount) >= 1e-4 else f"{amount:.1e} {currency}"


def _cost(account: Account) -> str:
    if account.cost is None:
        return f"No night of {account.model} has been recorded yet."
    return f"A night of {account.model} costs {money(account.cost, account.currency)}."


def _gain(account: Account) -> tuple[str, ...]:
    if account.gain is None:
        return ()
    return (
        f"A day returns {money(account.gain, account.currency)} more than the baseline"
        f"{_between(account.gain_interval, account.currency)}.",
    )


def _between(interval: Interval | None, currency: str) -> str:
    if interval is None:
        return ""
    return f" (95 % {money(interval.low, currency)} to {money(interval.high, currency)})"


def _fits(account: Account) -> tuple[str, ...]:
    fits = next((step for step in account.steps if step.verb == "retrain"), None)
    if fits is None or not account.cost:
        return ()
    return (
        f"Cadence: retraining is {fits.cost / account.cost:.0%} of a night's cost. "
        f"`contender backtest {account.model} --from YYYY-MM-DD --to YYYY-MM-DD --cadence nightly --cadence weekly` "
        "advises whether fewer fits would do.".replace("%", " %"),
    )


def _trend(account: Account) -> tuple[str, ...]:
    if account.worse_since is None:
        return ()
    return (f"Trend: since the week of {account.worse_since}, nights cost more while days return less.",)


def _forecast(account: Account) -> tuple[str, ...]:
    found = account.forecast
    if found is None:
        return ()
    score = f"; {found.held} of {found.made} earlier forecasts held" if found.made else ""
    return (
        f"Forecast: {money(found.gain, account.currency)} a day over the next four weeks"
        f"{_between(found.interval, account.currency)}{score}.",
    )
