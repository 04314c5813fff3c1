"""Drift of the features' distributions, measured on a sample: an Evidently report and its figures."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from contender.installation import Installation
from contender.lake import Lake, places
from contender.specs import Column, Days, ModelSpec
from contender.specs.frozen import Frozen

CATEGORICAL = ("string", "boolean")


class Drift(Frozen):
    """Drift of the features; empty or None while there is no history to compare with."""

    share: float | None
    drifted: tuple[str, ...]
    emptied: tuple[str, ...]
    report: str | None


def compare_features(installation: Installation, model: ModelSpec, day: date) -> Drift:
    """Compare the features of the days up to `day` with those of the weeks before, on a sample of each.

    Distances are Wasserstein (normed) for numbers and Jensen-Shannon for categories; from 0.1 on, a feature has
    drifted. The report is written to `<reports>/drift/<model>/<day>.html`. It shows no personal data: categories are
    numbered and numbers are standardised, which changes neither distance.
    """
    watch = model.monitoring
    current_days = Days(first=day - timedelta(days=watch.current_days - 1), last=day)
    before = current_days.first - timedelta(days=1)
    reference_days = Days(first=before - timedelta(days=watch.reference_days - 1), last=before)
    current, reference = (_sample(model, days, installation.lake) for days in (current_days, reference_days))
    if current.empty or reference.empty:
        return Drift(share=None, drifted=(), emptied=(), report=None)
    emptied = tuple(name for name in model.feature_names if _emptied(current[name], reference[name]))
    # A column without values has no distribution to compare.
    compared = [
        name for name in model.feature_names if current[name].notna().any() and reference[name].notna().any()
    ]
    if not compared:
        return Drift(share=None, drifted=(), emptied=emptied, report=None)
    result = _report(model, current[compared], reference[compared])
    with TemporaryDirectory() as folder:
        draft = Path(folder) / "report.html"
        result.save_html(str(draft))
        page = draft.read_bytes()
    place = places.write(
        places.below(installation.settings.reports, "drift", model.name, f"{day}.html"), page
    )
    drifted = tuple(sorted(_drifted(result.dict()["metrics"])))
    return Drift(share=len(drifted) / len(compared), drifted=drifted, emptied=emptied, report=place)


def _sample(model: ModelSpec, days: Days, lake: Lake) -> pd.DataFrame:
    rows = lake.read(model.feature_contract, days, columns=model.feature_names).to_pandas()
    size = min(len(rows), model.monitoring.sample_rows)
    sample: pd.DataFrame = rows.sample(size, random_state=model.recipes[0].seed).reset_index(drop=True)
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


def _emptied(current: pd.Series[Any], reference: pd.Series[Any]) -> bool:
    return bool(current.isna().all() and reference.notna().mean() > 0.5)


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


def _drifted(metrics: list[dict[str, Any]]) -> set[str]:
    return {
        str(metric["config"]["column"])
        for metric in metrics
        if "column" in metric["config"] and float(metric["value"]) >= float(metric["config"]["threshold"])
    }
