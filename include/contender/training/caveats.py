"""What must be said of a version besides its measures: that data it was fitted on was replaced, or released by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from contender.records import Act, Caveat, TrainedVersion, identify
from contender.specs import Catalog, Days, feeding_days


def note_superseded(
    catalog: Catalog, table: str, days: Days, fingerprint: str, versions: Sequence[TrainedVersion]
) -> tuple[Caveat, ...]:
    """A caveat for each version that was fitted on days of a table that have now been replaced."""
    return tuple(
        _caveat(
            version, "superseded", table, days, fingerprint, f"{table} {days.key} was corrected after the fit"
        )
        for version in versions
        if version.model in catalog.models
        and _overlap(feeding_days(catalog, catalog.model(version.model), table, version.trained_on), days)
    )


def note_released(catalog: Catalog, version: TrainedVersion, acts: Sequence[Act]) -> tuple[Caveat, ...]:
    """A caveat for each batch that failed its gate, was released by a person, and went into a version's fit."""
    found = []
    for act in acts:
        if act.kind != "released":
            continue
        days = Days.read(str(act.detail["days"]))
        if _overlap(feeding_days(catalog, catalog.model(version.model), act.about, version.trained_on), days):
            why = f"{act.about} {days.key} failed its gate and was released by {act.by}: {act.reason}"
            found.append(_caveat(version, "released", act.about, days, act.key, why))
    return tuple(found)


def _overlap(fed: Days | None, days: Days) -> bool:
    return fed is not None and fed.first <= days.last and days.first <= fed.last


def _caveat(
    version: TrainedVersion,
    kind: Literal["superseded", "released"],
    table: str,
    days: Days,
    content: str,
    why: str,
) -> Caveat:
    return Caveat(
        id=identify("caveat", version.model, version.version, kind, table, days.key, content),
        model=version.model,
        version=version.version,
        kind=kind,
        table=table,
        days=days,
        why=why,
    )
