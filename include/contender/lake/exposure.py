"""Which model versions had seen rows of some days, by what they were fitted on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from contender.records import Evaluation, TrainedVersion
from contender.specs import Catalog, Days, ModelSpec
from contender.specs.catalog import Source

ByTable = Mapping[str, Collection[date | None]]


def versions_that_saw(
    erased: ByTable, catalog: Catalog, evaluations: Iterable[Evaluation]
) -> tuple[str, ...]:
    """The versions, as `model v3`, whose training days could hold something of the erased rows.

    `erased` are days by table; None stands for a table without days, which every version of its readers saw.
    A day of an input counts for all days whose features or labels are built from it, so the answer may name a
    version too many, and never one too few. Versions of models that the catalog no longer has are all named.
    """
    touched = {name: _touched(model, catalog, erased) for name, model in catalog.models.items()}
    seen = {
        (version.model, version.version)
        for evaluation in evaluations
        for version in filter(None, (evaluation.challenger, evaluation.champion))
        if version.model not in touched or _saw(version, touched[version.model])
    }
    return tuple(f"{model} v{version}" for model, version in sorted(seen))


def days_built_from(model: ModelSpec, source: Source, day: date) -> Days:
    """The days whose features or labels can hold something of a day of an input."""
    nights = Days.one(day).shifted(-source.lead_days)
    nights = Days(first=nights.first, last=nights.shifted(source.history_days - 1).last)
    scored, matured = model.scored_days(nights), model.matured_days(nights)
    return Days(first=min(scored.first, matured.first), last=max(scored.last, matured.last))


def _touched(model: ModelSpec, catalog: Catalog, erased: ByTable) -> list[Days | None]:
    own = (model.feature_contract.table, model.label_contract.table)
    found = [None if day is None else Days.one(day) for table in own for day in erased.get(table, ())]
    for source in catalog.sources(model):
        days = erased.get(source.contract.table, ())
        found += [None if day is None else days_built_from(model, source, day) for day in days]
    return found


def _saw(version: TrainedVersion, touched: Iterable[Days | None]) -> bool:
    fitted = version.trained_on
    return any(days is None or (days.first <= fitted.last and fitted.first <= days.last) for days in touched)
