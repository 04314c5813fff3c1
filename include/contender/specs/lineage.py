"""Which days of a table went into which days of a model."""

from __future__ import annotations

from datetime import timedelta

from contender.specs.catalog import Catalog, Source
from contender.specs.days import Days
from contender.specs.model import ModelSpec


def feeding_days(catalog: Catalog, model: ModelSpec, table: str, rows_of: Days) -> Days | None:
    """The days of a source table that a model's features and labels of some days were built from.

    None for a table that the model does not read, or that is not of days.
    """
    source = next((s for s in catalog.sources(model) if s.contract.table == table), None)
    if source is None or not source.contract.daily:
        return None
    nights = rows_of.shifted(-model.horizon_days)
    known = nights.shifted(source.lead_days).reaching_back(source.history_days - 1)
    matured = rows_of.last + timedelta(days=model.label_maturity_days)
    return Days(first=known.first, last=max(known.last, matured))


def fed_days(model: ModelSpec, source: Source, days: Days) -> Days:
    """The days of a model's rows whose features or labels read any of these days of a source."""
    nights = fed_nights(model, source, days)
    return Days(first=model.matured_days(nights).first, last=model.scored_days(nights).last)


def fed_nights(model: ModelSpec, source: Source, days: Days) -> Days:
    """The nights whose features or labels read any of these days of a source."""
    first = days.first - timedelta(days=source.lead_days)
    last = days.last + timedelta(
        days=max(source.history_days - 1 - source.lead_days, model.label_maturity_days)
    )
    return Days(first=first, last=last)
