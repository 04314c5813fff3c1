"""Where failed batches wait: readable, with the verdict beside them, and never visible to consumers."""

from __future__ import annotations

import shutil
from pathlib import Path

from contender.records import GateResult, StagedBatch
from contender.settings import Settings


def quarantine(batch: StagedBatch, result: GateResult, settings: Settings) -> GateResult:
    """Copy a failed batch, raw files and all, into the quarantine. Returns the result with the place noted.

    The folder is named by the content, so that the same bad delivery, tried again, waits there once.
    """
    place = settings.quarantine / batch.table / batch.days.key / batch.fingerprint[:16]
    noted = result.model_copy(update={"quarantine": str(place)})
    for kind, paths in (("raw", batch.sources), ("staged", tuple(file.path for file in batch.files))):
        for path in map(Path, paths):
            target = place / kind / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (place / "gate.json").write_text(noted.model_dump_json(indent=2))
    return noted
