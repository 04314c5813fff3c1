"""Which model versions had seen rows of some days, by what they were fitted on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from contender.records import TrainedVersion
from contender.specs import Catalog, ModelSpec, feeding_days

ByTable = Mapping[str, Collection[date | None]]


def versions_that_saw(
    erased: ByTable, catalog: Catalog, versions: Iterable[TrainedVersion]
) -> tuple[str, ...]:
    """Those of the versions, as `model v3`, whose training days could hold something of the erased rows.

    `erased` are days by table; None stands for a table without days, which every version of its readers saw.
    The answer may name a version too many, and never one too few: all are named whose model the catalog no
    longer has, when anything is erased at all.
    """
    seen = {(v.model, v.version) for v in versions if _saw(v, catalog, erased)}
    return tuple(f"{model} v{version}" for model, version in sorted(seen))


def _saw(version: TrainedVersion, catalog: Catalog, erased: ByTable) -> bool:
    model = catalog.models.get(version.model)
    if model is None:
        return any(erased.values())
    own = (model.feature_contract.table, model.label_contract.table)
    if any(day in version.trained_on for table in own for day in erased.get(table, ())):
        return True
    return any(_read(version, model, catalog, table, days) for table, days in erased.items())


def _read(
    version: TrainedVersion, model: ModelSpec, catalog: Catalog, table: str, days: Collection[date | None]
) -> bool:
    if not any(source.contract.table == table for source in catalog.sources(model)):
        return False
    fed = feeding_days(catalog, model, table, version.trained_on)
    return any(day is None or (fed is not None and day in fed) for day in days)
