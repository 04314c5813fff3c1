"""The lake: Iceberg tables that are written a batch at a time and read by pinned snapshot."""

from contender.lake import places
from contender.lake.erasure import Erasure, ErasureError, Stores, erase, plan_erasure
from contender.lake.evolution import Migration, migrate_table, plan_migration
from contender.lake.examples import join_examples, lost_pins, pin_examples, read_examples
from contender.lake.history import Snapshot
from contender.lake.publishing import publish, should_announce, starts_downstream
from contender.lake.staging import fingerprint, stage, sweep
from contender.lake.tables import (
    Lake,
    LakeError,
    PinnedFiles,
    Published,
    open_lake,
)
from contender.lake.upkeep import TableState, TableUpkeep, do_upkeep, look_after, plan_upkeep
from contender.lake.waiting import ShownRows, show_waiting

__all__ = [
    "Erasure",
    "ErasureError",
    "Lake",
    "LakeError",
    "Migration",
    "PinnedFiles",
    "Published",
    "ShownRows",
    "Snapshot",
    "Stores",
    "TableState",
    "TableUpkeep",
    "do_upkeep",
    "erase",
    "fingerprint",
    "join_examples",
    "look_after",
    "lost_pins",
    "migrate_table",
    "open_lake",
    "pin_examples",
    "places",
    "plan_erasure",
    "plan_migration",
    "plan_upkeep",
    "publish",
    "read_examples",
    "should_announce",
    "show_waiting",
    "stage",
    "starts_downstream",
    "sweep",
]
