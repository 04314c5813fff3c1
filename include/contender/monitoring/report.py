"""The report that people open: Evidently's figures of the features on a sample, framed by the day's verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from contender.installation import Installation
from contender.lake import Lake, draw_at_random, open_pieces, places
from contender.records import Monitored
from contender.rendering import templates
from contender.specs import Column, Days, ModelSpec

CATEGORICAL = ("string", "boolean")
_TEMPLATES = templates(Path(__file__).parent / "templates")


class Figures(NamedTuple):
    """What Evidently's figures compare: periods, rows of each sample, columns that drifted or were left out."""

    drifted: Sequence[str]
    left_out: Sequence[str]
    current: Days
    reference: Days
    rows: int


def draw_report(installation: Installation, model: ModelSpec, monitored: Monitored) -> str | None:
    """Write the drift report of a monitored day and return its place; None without history to compare with.

    Evidently compares the features of the days up to the monitored ones with those of the weeks before, on a sample of
    each. The verdict above it is based on all rows of one day: the two may differ, and the page says why. It shows no
    personal data: categories are numbered and numbers are standardised, which changes no distance.
    """
    watch, day = model.monitoring, monitored.features_day or monitored.day
    current_days = Days(first=day - timedelta(days=watch.current_days - 1), last=day)
    before = current_days.first - timedelta(days=1)
    reference_days = Days(first=before - timedelta(days=watch.reference_days - 1), last=before)
    current, reference = (_sample(model, days, installation.lake) for days in (current_days, reference_days))
    # A column without values has no distribution to compare.
    compared = [
        name for name in model.feature_names if current[name].notna().any() and reference[name].notna().any()
    ]
    if not compared:
        return None
    result = _report(model, current[compared], reference[compared])
    with TemporaryDirectory() as folder:
        draft = Path(folder) / "report.html"
        result.save_html(str(draft))
        drawn = draft.read_text()
    figures = Figures(
        drifted=_drifted(result.dict()["metrics"]),
        left_out=[name for name in model.feature_names if name not in compared],
        current=current_days,
        reference=reference_days,
        rows=watch.sample_rows,
    )
    frame = render_frame(monitored, figures)
    head, body, rest = drawn.partition("<body>")
    page = f"{head}{body}\n{frame}\n{rest}" if body else frame + drawn
    return places.write(report_place(installation, monitored), page.encode())


def render_frame(monitored: Monitored, figures: Figures) -> str:
    """Return the HTML above the figures: the verdict, its reason, and what the figures show instead."""
    return _TEMPLATES.get_template("frame.html").render(monitored=monitored, **figures._asdict())


def report_place(installation: Installation, monitored: Monitored) -> str:
    """Return the place of the drift report of a monitored day."""
    return places.below(installation.settings.reports, "drift", monitored.model, f"{monitored.day}.html")


def _sample(model: ModelSpec, days: Days, lake: Lake) -> pd.DataFrame:
    sample = pd.DataFrame(columns=list(model.feature_names))
    pieces = open_pieces(lake, model.feature_contract, days)
    if pieces is not None:
        features = replace(pieces, columns=model.feature_names)
        drawn = draw_at_random(features, model.monitoring.sample_rows, model.recipes[0].seed)
        sample = drawn.to_pandas()
    return sample.assign(
        **{column.name: _comparable(column, sample[column.name]) for column in model.features}
    )


def _comparable(column: Column, values: pd.Series[Any]) -> pd.Series[Any]:
    """Return the values as Evidently compares them: truth values as categories, infinite numbers as missing."""
    if column.type == "string":
        return values
    if column.type == "boolean":
        return values.map({True: "true", False: "false"}, na_action="ignore").astype("object")
    return values.astype("float64").replace([np.inf, -np.inf], np.nan)


def _report(model: ModelSpec, current: pd.DataFrame, reference: pd.DataFrame) -> Any:
    strings = {column.name for column in model.features if column.type in CATEGORICAL}
    personal = {column.name for column in model.features if column.pii}
    shown = [side.copy() for side in (current, reference)]
    for name in current.columns:
        if name in strings:
            _name_categories(name, shown, numbered=name in personal)
        elif name in personal:
            _standardise(name, shown)
    definition = DataDefinition(
        numerical_columns=[name for name in current if name not in strings],
        categorical_columns=[name for name in current if name in strings],
    )
    report = Report([DataDriftPreset(num_method="wasserstein", cat_method="jensenshannon")])
    sides = (Dataset.from_pandas(side, data_definition=definition) for side in shown)
    return report.run(*sides)


def _name_categories(name: str, sides: list[pd.DataFrame], *, numbered: bool) -> None:
    """Replace category names by safe ones, because Evidently writes them unescaped into a script of its page."""
    known = sorted({str(value) for side in sides for value in side[name].dropna().unique()})
    names = {value: f"value {i + 1}" if numbered else _escape(value) for i, value in enumerate(known)}
    for side in sides:
        side[name] = side[name].map(lambda value: names[str(value)], na_action="ignore")


def _escape(value: str) -> str:
    return value.replace("<", "‹").replace(">", "›")


def _standardise(name: str, sides: list[pd.DataFrame]) -> None:
    _, reference = sides
    centre, spread = reference[name].astype(float).mean(), reference[name].astype(float).std()
    for side in sides:
        side[name] = (side[name].astype(float) - centre) / (spread or 1.0)


def _drifted(metrics: list[dict[str, Any]]) -> list[str]:
    return sorted(
        str(metric["config"]["column"])
        for metric in metrics
        if "column" in metric["config"] and float(metric["value"]) >= float(metric["config"]["threshold"])
    )
