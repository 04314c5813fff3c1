"""Mark versions whose training rows were replaced later. They keep serving, with a caveat."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from contender.installation import Installation
from contender.records import Caveat, TrainedVersion, caveat_id
from contender.specs import Catalog, Days, ModelSpec, affected_days, source_days


def find_superseded(
    catalog: Catalog, table: str, days: Collection[date | None], versions: Iterable[TrainedVersion]
) -> tuple[TrainedVersion, ...]:
    """Return the versions whose training rows were built from any of these days of a source table.

    None among the days denotes a reference table, on which all versions of its readers depend.
    """
    readers = {model.name: model for model in _readers(catalog, table)}
    return tuple(
        version
        for version in versions
        if version.model in readers and _was_fed(version, readers[version.model], catalog, table, days)
    )


def note_superseded(
    version: TrainedVersion, table: str, days: Days, content: str, what: str = "was corrected"
) -> Caveat:
    """Return the caveat of a version whose training data changed; its id is the same for the same new `content`."""
    return Caveat(
        id=caveat_id(version, "superseded", table, days, content),
        model=version.model,
        version=version.version,
        kind="superseded",
        table=table,
        days=days,
        why=f"{table} {days.key} {what} after training",
    )


def mark_superseded(here: Installation, table: str, replaced: Collection[date], content: str) -> None:
    """Add a caveat to every version that was trained on the replaced days of a table."""
    if not replaced:
        return
    span = Days(first=min(replaced), last=max(replaced))
    # As many as may have read the days; which of them did is decided day by day.
    candidates = [
        version
        for model in _readers(here.catalog, table)
        for source in here.catalog.sources(model)
        if source.contract.table == table
        for version in here.book.evaluations.versions_fitted_on(
            model.name, affected_days(model, source, span)
        )
    ]
    for version in find_superseded(here.catalog, table, replaced, candidates):
        here.book.caveats.add(note_superseded(version, table, span, content))


def _readers(catalog: Catalog, table: str) -> list[ModelSpec]:
    return [
        model
        for model in catalog.models.values()
        if any(source.contract.table == table for source in catalog.sources(model))
    ]


def _was_fed(
    version: TrainedVersion, model: ModelSpec, catalog: Catalog, table: str, days: Collection[date | None]
) -> bool:
    fed = source_days(catalog, model, table, version.trained_on)
    return any(day is None or (fed is not None and day in fed) for day in days)
