"""Caveats of versions that were trained on data released by hand."""

from __future__ import annotations

from collections.abc import Sequence

from contender.records import Act, Caveat, TrainedVersion, caveat_id
from contender.specs import Catalog, Days, source_days


def note_released(catalog: Catalog, version: TrainedVersion, acts: Sequence[Act]) -> tuple[Caveat, ...]:
    """Return a caveat for each released batch that a version was trained on."""
    found = []
    for act in acts:
        if act.kind != "released":
            continue
        days = Days.read(str(act.detail["days"]))
        fed = source_days(catalog, catalog.model(version.model), act.about, version.trained_on)
        if fed is not None and fed.overlaps(days):
            caveat = Caveat(
                id=caveat_id(version, "released", act.about, days, act.key),
                model=version.model,
                version=version.version,
                kind="released",
                table=act.about,
                days=days,
                why=f"{act.about} {days.key} failed its gate and was released by {act.by}: {act.reason}",
            )
            found.append(caveat)
    return tuple(found)
