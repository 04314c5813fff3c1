"""Charts of an account: returns of days and costs of nights, by week."""

from __future__ import annotations

from contender.accounting.account import Account
from contender.charts import Spot, draw_days, show_chart, tabulate_lines

MISSING = float("nan")


def draw_account(account: Account) -> tuple[str, ...]:
    """Return the charts as HTML, each with its figures as a table; none before the first finished week."""
    series = {
        "Return of a day above the baseline": [(week.first, week.gain) for week in account.weeks],
        "Cost of a night": [(week.first, week.cost) for week in account.weeks],
    }
    charts = []
    for title, weeks in series.items():
        if all(figure is None for _, figure in weeks):
            continue
        spots = [Spot(float(day.toordinal()), MISSING if y is None else y) for day, y in weeks]
        lines = {"mean of the week": [(spot.x, spot.y) for spot in spots]}
        names = {float(day.toordinal()): f"week of {day}" for day, _ in weeks}
        drawn = draw_days(title, {"mean of the week": spots}, account.currency)
        charts.append(show_chart(drawn, title, *tabulate_lines(lines, names)))
    return tuple(charts)
