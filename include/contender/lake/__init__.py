"""The lake: Iceberg tables that are written in whole days and read by pinned snapshot.

It handles tables, snapshots and files. `admission` decides which batch is published, records it and does what follows;
`erasing` decides which rows are removed.
"""

from contender.lake import places
from contender.lake.appending import append
from contender.lake.commits import DayChanges, LoadedDays, compare_days, retry_on_conflict
from contender.lake.drawing import draw_at_random, draw_rows, read_each_measured, read_measured
from contender.lake.evolution import Migration, migrate_table, plan_migration
from contender.lake.examples import join_examples, lost_pins, pin_examples, read_examples
from contender.lake.fit import LakeError
from contender.lake.history import Snapshot
from contender.lake.moving import (
    Move,
    list_table_files,
    listed_manifests,
    manifest_lists,
    move_listing,
    move_metadata,
)
from contender.lake.pieces import PIECE, Group, Pieces, open_day, open_pieces
from contender.lake.rewriting import merge_days, unmerged_days
from contender.lake.sampling import Sample, read_sample
from contender.lake.spooling import SpooledRows, find_distinct
from contender.lake.staging import (
    FILE_OF_ROW,
    NUMBER_OF_ROW,
    ORIGINS,
    Evidence,
    fingerprint,
    spool,
    stage,
    sweep,
)
from contender.lake.tables import DayFile, Lake, PinnedFiles, Published, open_lake
from contender.lake.upkeep import (
    TableState,
    TableUpkeep,
    UpkeepForm,
    do_upkeep,
    maintain_by_settings,
    maintain_table,
    plan_upkeep,
)

__all__ = [
    "FILE_OF_ROW",
    "NUMBER_OF_ROW",
    "ORIGINS",
    "PIECE",
    "DayChanges",
    "DayFile",
    "Evidence",
    "Group",
    "Lake",
    "LakeError",
    "LoadedDays",
    "Migration",
    "Move",
    "Pieces",
    "PinnedFiles",
    "Published",
    "Sample",
    "Snapshot",
    "SpooledRows",
    "TableState",
    "TableUpkeep",
    "UpkeepForm",
    "append",
    "compare_days",
    "do_upkeep",
    "draw_at_random",
    "draw_rows",
    "find_distinct",
    "fingerprint",
    "join_examples",
    "list_table_files",
    "listed_manifests",
    "lost_pins",
    "maintain_by_settings",
    "maintain_table",
    "manifest_lists",
    "merge_days",
    "migrate_table",
    "move_listing",
    "move_metadata",
    "open_day",
    "open_lake",
    "open_pieces",
    "pin_examples",
    "places",
    "plan_migration",
    "plan_upkeep",
    "read_each_measured",
    "read_examples",
    "read_measured",
    "read_sample",
    "retry_on_conflict",
    "spool",
    "stage",
    "sweep",
    "unmerged_days",
]
