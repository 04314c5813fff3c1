"""Which model versions saw rows of some days, by what they were fitted on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from contender.admission import find_superseded
from contender.records import TrainedVersion
from contender.specs import Catalog

ByTable = Mapping[str, Collection[date | None]]


def find_exposed(
    erased: ByTable, catalog: Catalog, versions: Iterable[TrainedVersion]
) -> tuple[TrainedVersion, ...]:
    """Return the versions whose training days could hold something of the erased rows, ordered by model and version.

    `erased` are days by table; None stands for a table without days, which every version of its readers saw.
    The answer may have a version too many, and never one too few: it has all versions whose model the catalog no
    longer has, when anything is erased at all.
    """
    seen = (version for version in versions if _saw(version, catalog, erased))
    return tuple(sorted(seen, key=lambda version: (version.model, version.version)))


def _saw(version: TrainedVersion, catalog: Catalog, erased: ByTable) -> bool:
    model = catalog.models.get(version.model)
    if model is None:
        return any(erased.values())
    own = (model.feature_contract.table, model.label_contract.table)
    if any(day in version.trained_on for table in own for day in erased.get(table, ())):
        return True
    return any(find_superseded(catalog, table, days, [version]) for table, days in erased.items())
