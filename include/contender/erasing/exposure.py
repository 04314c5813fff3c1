"""Find the model versions that may have been fitted on erased rows."""

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
    """Return the versions whose training data may have included erased rows, ordered by model and version.

    `erased` are days by table; None stands for a table without days, which all versions of its readers have used.
    The result may include unaffected versions, but never misses one: versions of a model that is no longer in the
    catalog are always included when anything is erased.
    """
    exposed = (version for version in versions if _used(version, catalog, erased))
    return tuple(sorted(exposed, key=lambda version: (version.model, version.version)))


def _used(version: TrainedVersion, catalog: Catalog, erased: ByTable) -> bool:
    model = catalog.models.get(version.model)
    if model is None:
        return any(erased.values())
    own = (model.feature_contract.table, model.label_contract.table)
    if any(day in version.trained_on for table in own for day in erased.get(table, ())):
        return True
    return any(find_superseded(catalog, table, days, [version]) for table, days in erased.items())
