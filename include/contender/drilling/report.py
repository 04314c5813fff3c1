"""The page and the chart of a drill."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from contender.backtesting import SMOOTHED_DAYS, TEMPLATES, name_days, place_day, smooth_losses
from contender.charts import draw_lines
from contender.drilling.result import STRATEGIES, DrilledNight, DrillResult
from contender.rendering import templates
from contender.specs import Days

_TEMPLATES = Path(__file__).parent / "templates"


def render_drill(result: DrillResult) -> str:
    """Render the page of a drill."""
    chart = Markup(draw_drill(result))  # noqa: S704 - made by charts, which escape
    template = templates(_TEMPLATES, TEMPLATES).get_template("drill.html")
    return template.render(
        result=result, chart=chart, strategies=STRATEGIES, finding=describe_finding(result)
    )


def draw_drill(result: DrillResult) -> str:
    """Return the chart of a drill: the served loss of each strategy by day, and when each verdict began."""
    lines = {name: smooth_losses(result.served[name]) for name in STRATEGIES}
    return draw_lines(
        f"Drill {result.drill} of {result.model}, from {result.start}",
        lines,
        name_days(Days(first=result.start, last=result.start + timedelta(days=len(result.nights) - 1))),
        marks={place_day(one.night): one.verdict for one, _ in list_verdicts(result)},
        y_name=f"{result.loss} loss by day, mean of {SMOOTHED_DAYS} days; lower is better",
    )


def list_verdicts(result: DrillResult) -> list[tuple[DrilledNight, int]]:
    """Return the first night of each verdict, and for how many nights in a row it was given."""
    runs = [list(its) for _, its in groupby(result.monitored, key=lambda one: one.verdict)]
    return [(its[0], len(its)) for its in runs]


def describe_finding(result: DrillResult) -> str:
    """Return in a line whether the right verdict came, and when."""
    if result.right == "stable":
        return "right: no verdict was mailed" if result.found else f"wrong: {result.first_verdict} was mailed"
    if result.days_to_verdict is None:
        return f"wrong: {result.right} never came; first verdict: {result.first_verdict}"
    when = f"{result.right} on day {result.days_to_verdict}"
    if result.first_verdict == result.right:
        return f"right: {when}"
    return f"right in the end: {when}, after {result.first_verdict}"
