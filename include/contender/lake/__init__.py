"""The lake, a store: Iceberg tables that are written in whole days and read by pinned snapshot.

It knows tables, snapshots and files. Which batch may be published, what is recorded of it and what follows from it
belongs to `admission`; what is searched for and taken out, to `erasing`.
"""

from contender.lake import places
from contender.lake.commits import DayChanges, LoadedDays, compare_days, retry_on_conflict
from contender.lake.evolution import Migration, migrate_table, plan_migration
from contender.lake.examples import join_examples, lost_pins, pin_examples, read_examples
from contender.lake.fit import LakeError
from contender.lake.history import Snapshot
from contender.lake.staging import fingerprint, stage, sweep
from contender.lake.tables import Lake, PinnedFiles, Published, open_lake
from contender.lake.upkeep import TableState, TableUpkeep, do_upkeep, look_after, plan_upkeep

__all__ = [
    "DayChanges",
    "Lake",
    "LakeError",
    "LoadedDays",
    "Migration",
    "PinnedFiles",
    "Published",
    "Snapshot",
    "TableState",
    "TableUpkeep",
    "compare_days",
    "do_upkeep",
    "fingerprint",
    "join_examples",
    "look_after",
    "lost_pins",
    "migrate_table",
    "open_lake",
    "pin_examples",
    "places",
    "plan_migration",
    "plan_upkeep",
    "read_examples",
    "retry_on_conflict",
    "stage",
    "starts_downstream",
    "sweep",
]
