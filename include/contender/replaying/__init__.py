"""Replay: makes a decision of the ledger again from what it was pinned to, and tells what came out otherwise."""

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
