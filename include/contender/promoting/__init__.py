"""Promote: decides what serves, enters it into the ledger, and lets the alias follow."""

from contender.promoting.decide import decide_night, decide_promotion
from contender.promoting.evidence import weigh, weigh_pairs
from contender.promoting.promote import follow_ledger, promote
from contender.promoting.standing import DECISIVE, Standing, name_incumbent, name_streams, stand, stand_after

__all__ = [
    "DECISIVE",
    "Standing",
    "decide_night",
    "decide_promotion",
    "follow_ledger",
    "name_incumbent",
    "name_streams",
    "promote",
    "stand",
    "stand_after",
    "weigh",
    "weigh_pairs",
]
