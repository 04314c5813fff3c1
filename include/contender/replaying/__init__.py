"""Replay: repeat a decision of the ledger from its pinned snapshots, and report every difference."""

from contender.replaying.compare import Difference, Part, Replayed, compare
from contender.replaying.find import ReplayError, UnknownEntryError, find_entry
from contender.replaying.run import replay

__all__ = [
    "Difference",
    "Part",
    "ReplayError",
    "Replayed",
    "UnknownEntryError",
    "compare",
    "find_entry",
    "replay",
]
