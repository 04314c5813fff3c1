"""The page and the charts of a study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from markupsafe import Markup

from contender.backtesting import TEMPLATES
from contender.charts import Span, Spot, draw_spans, draw_spots
from contender.evaluating import interval_by_day
from contender.feasibility.figures import Estimate, SizePoint
from contender.feasibility.forecast import FAMILY
from contender.feasibility.verdict import Feasibility
from contender.rendering import templates

_TEMPLATES = Path(__file__).parent / "templates"


def render_report(found: Feasibility) -> str:
    """Render the page of a study."""
    charts = [Markup(chart) for chart in (draw_curve(found), draw_gains(found))]  # noqa: S704 - charts escape
    page = templates(_TEMPLATES, TEMPLATES).get_template("feasibility.html")
    return page.render(found=found, study=found.study, family=FAMILY, charts=charts)


def name_report(model: str) -> str:
    """Return the name of a model's page in the reports folder."""
    return f"feasibility-{model}.html"


def draw_curve(found: Feasibility) -> str:
    """Return the chart of the learning curve and its forecast."""
    study = found.study
    measured = [_spot(point) for point in study.curve]
    forecast = [
        Spot(label="", x=point.rows, y=point.loss.value, low=point.loss.low, high=point.loss.high)
        for point in found.forecast.points
        if point.loss.value is not None
    ]
    return draw_spots(
        f"Loss of {study.recipe} by training rows",
        {"measured": measured, "forecast": forecast} if forecast else {"measured": measured},
        x_name="training rows, the newest before each held-out block; bars: 95 % over blocks, 90 % of the forecast",
        y_name=f"{study.loss} loss; lower is better",
    )


def draw_gains(found: Feasibility) -> str:
    """Return the chart of what each feature is worth."""
    return draw_spans(
        "Rise of the loss if a feature is permuted, with its 95 % interval over days",
        [_span(one.name, one.gain) for one in found.study.gains],
    )


def _spot(point: SizePoint) -> Spot:
    found = interval_by_day(np.array(point.losses), np.arange(len(point.losses)))
    low, high = (None, None) if found is None else (found.low, found.high)
    return Spot(label=f"{point.days} d", x=point.rows, y=point.loss, low=low, high=high)


def _span(name: str, found: Estimate) -> Span:
    interval = found.interval
    return (
        Span(name, found.value) if interval is None else Span(name, found.value, interval.low, interval.high)
    )
