"""The HTML report of a backtest: served losses, promotions, cost, and the effect of the cadence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from contender.backtesting.advice import advise_cadence
from contender.backtesting.differences import WEEK, Difference, compare_served
from contender.backtesting.made import ServedDay
from contender.backtesting.policies import POLICIES
from contender.backtesting.run import Backtest, PolicyResult
from contender.charts import Points, Spot, draw_lines, draw_spots
from contender.rendering import templates
from contender.specs import Days

TEMPLATES = Path(__file__).parent / "templates"

SMOOTHED_DAYS = 7
HELD_SHOWN = 40


class Row(NamedTuple):
    """A row of a table: the result of a policy at a cadence, and its difference from the first row."""

    cadence: str
    policy: str
    description: str
    result: PolicyResult
    fits: int
    against: Difference | None


def render_report(backtests: Sequence[Backtest]) -> str:
    """Render the report of backtests of the same nights at different cadences; the first is shown in detail."""
    main = backtests[0]
    detailed = main.results[0]
    rows = _rows(backtests, detailed)
    return (
        templates(TEMPLATES)
        .get_template("backtest.html")
        .render(
            main=main,
            detailed=detailed,
            others=[row for row in rows if row.cadence == main.cadence and row.policy != detailed.policy],
            policies=[row for row in rows if row.cadence == main.cadence],
            cadences=rows if len(backtests) > 1 else [],
            slower=[
                row
                for row in rows
                if row.cadence == "oracle" or (row.policy == detailed.policy and row.cadence != main.cadence)
            ],
            advice=advise_cadence(backtests),
            baseline=compare_served(main.baseline, detailed.served),
            recipes=_recipes(main),
            versions={version.version: version for version in main.versions},
            charts=[Markup(chart) for chart in _charts(main, detailed)],  # noqa: S704 - made by charts, which escape
            cost=Markup(_draw_cost(rows)),  # noqa: S704 - as above
            smoothed=SMOOTHED_DAYS,
            held_shown=HELD_SHOWN,
        )
    )


def _rows(backtests: Sequence[Backtest], detailed: PolicyResult) -> list[Row]:
    return [
        Row(
            cadence=backtest.cadence,
            policy=one.policy,
            description=POLICIES[one.policy].description,
            result=one,
            fits=one.fits,
            against=None
            if one is detailed
            else compare_served(one.served, detailed.served, 1 if backtest is backtests[0] else WEEK),
        )
        for backtest in backtests
        for one in backtest.results
    ]


def _charts(main: Backtest, detailed: PolicyResult) -> list[str]:
    names, marks = name_days(main.nights), _promotions(main, detailed)
    champion = f"champion ({detailed.policy})"
    by_day = {champion: smooth_losses(detailed.served)}
    by_day |= {f"newest {name}": smooth_losses(days) for name, days in main.newest.items()}
    by_day |= {one.policy: smooth_losses(one.served) for one in main.results if one.policy == "static"}
    by_day["baseline"] = smooth_losses(main.baseline)
    charts = [
        draw_lines(
            "Champion, challengers, static model and baseline",
            _merge(by_day),
            names,
            marks=marks,
            y_name=f"{main.loss} loss by day, mean of {SMOOTHED_DAYS} days; lower is better",
        )
    ]
    if len(main.results) > 1:
        apart = {
            one.policy: _accumulate(one, detailed) for one in main.results if one.policy != detailed.policy
        }
        charts.append(
            draw_lines(
                f"Policies against {detailed.policy}",
                _merge(apart),
                names,
                marks=marks,
                y_name=f"{main.loss} loss per row since the first day, minus that of {detailed.policy}; "
                "above 0, its loss is higher",
            )
        )
    curves, bars = _evidence(main, detailed)
    if curves:
        charts.append(
            draw_lines(
                "Evidence",
                curves,
                names,
                log=True,
                bars=bars,
                marks=marks,
                y_name="evidence (e-value) for the rival, starting at 1; the dashed line is the threshold",
            )
        )
    return charts


def _draw_cost(rows: Sequence[Row]) -> str:
    first, spots = rows[0], dict[str, list[Spot]]()
    for row in rows:
        found = row.against
        low, high = (None, None) if found is None else found.ends
        height = 0.0 if found is None else found.mean
        label = row.cadence if row.policy == first.policy else ""
        spots.setdefault(row.policy, []).append(Spot(row.result.cpu_seconds, height, low, high, label))
    return draw_spots(
        "Loss against cost",
        spots,
        x_name="CPU seconds of the required fits; logarithmic scale",
        y_name=f"loss minus that of {first.cadence} {first.policy}, with 95 % intervals; lower is better",
    )


def _promotions(main: Backtest, one: PolicyResult) -> dict[float, str]:
    recipes = _recipes(main)
    return {
        place_day(d.night): f"{recipes.get(d.challenger_recipe or '', 'a recipe')} {d.kind}"
        for d in one.decisions
        if d.kind in ("first", "promoted")
    }


def _evidence(main: Backtest, one: PolicyResult) -> tuple[dict[str, Points], dict[str, float]]:
    recipes = _recipes(main)
    curves: dict[str, list[tuple[float, float]]] = {}
    bars: dict[str, float] = {}
    begun: dict[str, date] = {}
    for night, found in one.evidence:
        still = found.question == "still"
        name = (
            "older version, not refreshed" if still else recipes.get(found.rival, f"recipe {found.rival[:8]}")
        )
        curve = curves.setdefault(name, [])
        if begun.get(name, found.since) != found.since:  # the test restarted
            curve.append((place_day(night), math.nan))
        begun[name] = found.since
        curve.append((place_day(night), found.value))
        bars[f"{found.bar:g}: {'stop refreshing' if still else 'promote'}"] = found.bar
    return dict(curves), bars


def _merge(lines: Mapping[str, Points]) -> dict[str, Points]:
    """Merge identical lines into one that has all of their names."""
    merged: dict[str, Points] = {}
    for name, points in lines.items():
        twin = next((other for other, its in merged.items() if list(its) == list(points)), None)
        if twin is None:
            merged[name] = points
        else:
            merged = {f"{twin}, {name}" if n == twin else n: its for n, its in merged.items()}
    return merged


def smooth_losses(days: Sequence[ServedDay]) -> Points:
    """Return the points of a chart: for each day, the mean loss per row of seven days."""
    points = []
    for nth, day in enumerate(days):
        window = [d for d in days[max(0, nth - SMOOTHED_DAYS + 1) : nth + 1] if _near(d.day, day.day)]
        rows = sum(d.rows for d in window)
        points.append((place_day(day.day), sum(d.loss * d.rows for d in window) / rows))
    return points


def _near(before: date, day: date) -> bool:
    return (day - before).days < SMOOTHED_DAYS


def _accumulate(one: PolicyResult, against: PolicyResult) -> Points:
    """Return the mean difference over all rows since the first day, from the seventh day on; earlier it is noise."""
    other = {day.day: day.loss for day in against.served}
    rows, sum_of_gaps = 0, 0.0
    points = []
    for nth, day in enumerate(day for day in one.served if day.day in other):
        rows += day.rows
        sum_of_gaps += day.rows * (day.loss - other[day.day])
        if nth + 1 >= SMOOTHED_DAYS:
            points.append((place_day(day.day), sum_of_gaps / rows))
    return points


def _recipes(main: Backtest) -> Mapping[str, str]:
    return {version.recipe_fingerprint: version.recipe for version in main.versions}


def name_days(nights: Days) -> dict[float, str]:
    """Return about nine labels for the axis: Mondays of short spans, first days of months of long ones."""
    if len(nights) <= 70:
        days = [day for day in nights.each() if day.weekday() == 0] or [nights.first]
        return {place_day(day): f"{day.day} {day:%b}" for day in days[:: -(-len(days) // 9)]}
    days = [day for day in nights.each() if day.day == 1]
    pattern = "%b" if nights.first.year == nights.last.year else "%b %y"
    return {place_day(day): f"{day:{pattern}}" for day in days[:: -(-len(days) // 12)]}


def place_day(day: date) -> float:
    """Return the place of a day on the axis of a chart."""
    return float(day.toordinal())
