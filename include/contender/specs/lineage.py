"""The days of source tables that a model's rows are built from, and vice versa."""

from __future__ import annotations

from datetime import timedelta

from contender.specs.catalog import Catalog, Source
from contender.specs.days import Days
from contender.specs.model import ModelSpec


def source_days(catalog: Catalog, model: ModelSpec, table: str, rows_of: Days) -> Days | None:
    """Return the days of a source table that a model's features and labels of some days are built from.

    Return None if the model does not read the table, or the table is not daily.
    """
    source = next((s for s in catalog.sources(model) if s.contract.table == table), None)
    if source is None or not source.contract.daily:
        return None
    nights = rows_of.shifted(-model.horizon_days)
    known = nights.shifted(source.lead_days).reaching_back(source.history_days - 1)
    matured = rows_of.last + timedelta(days=model.label_maturity_days)
    return Days(first=known.first, last=max(known.last, matured))


def affected_days(model: ModelSpec, source: Source, days: Days) -> Days:
    """Return the days of a model's rows whose features or labels read any of these days of a source."""
    nights = affected_nights(model, source, days)
    return Days(first=model.matured_days(nights).first, last=model.scored_days(nights).last)


def affected_nights(model: ModelSpec, source: Source, days: Days) -> Days:
    """Return the nights whose features or labels read any of these days of a source."""
    first = days.first - timedelta(days=source.lead_days)
    last = days.last + timedelta(
        days=max(source.history_days - 1 - source.lead_days, model.label_maturity_days)
    )
    return Days(first=first, last=last)


def waiting_readers(catalog: Catalog) -> dict[str, list[ModelSpec]]:
    """Return, by table, the models whose nights wait for it and for at least one other."""
    readers: dict[str, list[ModelSpec]] = {}
    for model in catalog.models.values():
        daily = [source.contract.table for source in catalog.sources(model) if source.contract.daily]
        for table in daily if len(daily) > 1 else ():
            readers.setdefault(table, []).append(model)
    return readers
