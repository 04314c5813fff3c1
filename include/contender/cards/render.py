"""Render a card as Markdown, or as one HTML file with charts. All values are escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from contender.cards.card import ModelCard
from contender.charts import TEMPLATES as CHARTS
from contender.charts import Span, draw_calibration, draw_spans, show_chart
from contender.records import CalibrationPoint, SliceMeasures
from contender.rendering import templates

TEMPLATES = Path(__file__).parent / "templates"

_SPECIAL = re.compile(r"([\\`*\[\]<>#|~!&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")


def render_markdown(card: ModelCard, readiness: str | None = None) -> str:
    """Return the card as Markdown with tables; `readiness` is the model's ML Test Score, if it is known."""
    environment = templates(TEMPLATES, finalize=escape_markdown)
    return environment.get_template("model_card.md").render(card=card, readiness=readiness)


def render_html(card: ModelCard, readiness: str | None = None) -> str:
    """Return the card as a self-contained HTML page without scripts; `readiness` as in `render_markdown`."""
    charts = {name: Markup(chart) for name, chart in draw_card(card).items()}  # noqa: S704 - charts escape their texts
    return (
        templates(TEMPLATES, CHARTS)
        .get_template("model_card.html")
        .render(card=card, charts=charts, prefix=None, readiness=readiness)
    )


def draw_card(card: ModelCard) -> dict[str, str]:
    """Return the card's charts as SVG by name: `calibration` and `slices`, if they were measured."""
    return draw_judgement(card.version, card.calibration, card.slices)


def draw_judgement(
    version: int, calibration: Sequence[CalibrationPoint], slices: Sequence[SliceMeasures]
) -> dict[str, str]:
    """Return the charts of an evaluation as SVG by name: `calibration` and `slices`, if they were measured."""
    drawings = {}
    charts = [
        _show_calibration(
            f"Calibration of version {version}" + ("" if of is None else f": {of}"), list(points)
        )
        for of, points in groupby(calibration, key=lambda point: point.of)
    ]
    if charts:
        drawings["calibration"] = "\n".join(charts)
    spans = [
        Span(
            f"{part.name} ({part.rows:,} rows)",
            part.challenger_loss - part.champion_loss,
            part.difference.low if part.difference else None,
            part.difference.high if part.difference else None,
        )
        for part in slices
        if part.champion_loss is not None
    ]
    if spans:
        drawings["slices"] = draw_spans("Difference in loss to the champion, by slice", spans)
    return drawings


def _show_calibration(title: str, points: Sequence[CalibrationPoint]) -> str:
    chart = draw_calibration(title, [(p.predicted, p.observed, p.rows) for p in points])
    rows = [(f"{p.predicted:.4g}", f"{p.observed:.4g}", f"{p.rows:,}") for p in points]
    return show_chart(chart, title, ("predicted", "observed", "rows"), rows)


def escape_markdown(value: object) -> str:
    """Escape a value for use within a line of Markdown: no markup, HTML, line breaks or control characters."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", str(value))
    return _SPECIAL.sub(r"\\\1", text)
