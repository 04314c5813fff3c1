"""One HTML file about a backtest: what served, what was promoted, what it cost, and what the cadence bought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from contender.backtesting.fits import ServedDay
from contender.backtesting.live import Backtest, Lived
from contender.backtesting.policies import POLICIES
from contender.charts import Points, draw_lines

SMOOTHED_DAYS = 7


def render_report(backtests: Sequence[Backtest]) -> str:
    """The page about one backtest, or about several of the same nights that differ in cadence, the first in detail."""
    main = backtests[0]
    return _templates().get_template("backtest.html").render(
        main=main,
        backtests=backtests,
        policies=POLICIES,
        best=min((one.mean_loss for one in main.lived), default=0.0),
        charts=[Markup(chart) for chart in _charts(main)],  # noqa: S704 - made by draw_lines, which escapes
    )  # fmt: skip


def _charts(main: Backtest) -> list[str]:
    names = _months(main)
    served = {one.policy: _smooth(one.served) for one in main.lived} | {"baseline": _smooth(main.baseline)}
    detailed = next((one for one in main.lived if one.policy == "ours"), main.lived[0])
    marks = [float(d.night.toordinal()) for d in detailed.decisions if d.kind in ("first", "promoted")]
    shadow = {name: _smooth(days) for name, days in main.newest.items()}
    charts = [
        draw_lines(f"Served loss by policy, mean of {SMOOTHED_DAYS} days", served, names, marks=marks),
        draw_lines(f"Each recipe's newest version, mean of {SMOOTHED_DAYS} days", shadow, names, marks=marks),
    ]
    curves, bar = _evidence(detailed)
    if curves:
        charts.append(
            draw_lines("Evidence for each rival, and its bar", curves, names, log=True, bar=bar, marks=marks)
        )
    return charts


def _evidence(one: Lived) -> tuple[dict[str, Points], float | None]:
    recipes = {d.challenger_recipe: d for d in one.decisions}
    found = [(night, e) for night, e in one.evidence if e.question == "race"]
    curves: dict[str, Points] = {}
    for rival in {e.rival for _, e in found}:
        name = "a rival" if rival not in recipes else f"recipe {rival[:8]}"
        curves[name] = [(float(night.toordinal()), e.value) for night, e in found if e.rival == rival]
    return curves, found[0][1].bar if found else None


def _smooth(days: Sequence[ServedDay]) -> Points:
    points = []
    for nth, day in enumerate(days):
        window = days[max(0, nth - SMOOTHED_DAYS + 1) : nth + 1]
        rows = sum(d.rows for d in window)
        points.append((float(day.day.toordinal()), sum(d.loss * d.rows for d in window) / rows))
    return points


def _months(main: Backtest) -> dict[float, str]:
    firsts = [night for night in main.nights.each() if night.day == 1]
    if len(firsts) < 2:
        firsts = [main.nights.first, main.nights.last]
        return {float(day.toordinal()): str(day) for day in firsts}
    return {float(date.toordinal(day)): f"{day:%b}" for day in firsts}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("contender.backtesting"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
