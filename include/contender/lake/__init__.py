"""The lake: Iceberg tables that are written a batch at a time and read by pinned snapshot."""

from contender.lake.examples import pin_examples, read_examples
from contender.lake.publishing import publish, should_announce
from contender.lake.snapshots import Snapshot
from contender.lake.staging import fingerprint, stage, sweep
from contender.lake.tables import (
    Lake,
    LakeError,
    PinnedFiles,
    Published,
    open_lake,
)

__all__ = [
    "Lake",
    "LakeError",
    "PinnedFiles",
    "Published",
    "Snapshot",
    "fingerprint",
    "open_lake",
    "pin_examples",
    "publish",
    "read_examples",
    "should_announce",
    "stage",
    "sweep",
]
