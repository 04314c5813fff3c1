"""Promote: decides what serves, enters it into the ledger, and lets the alias follow."""

from contender.promoting.decide import decide_night, decide_promotion
from contender.promoting.evidence import weigh
from contender.promoting.promote import follow_ledger, promote
from contender.promoting.standing import Standing, name_incumbent, name_streams, stand

__all__ = [
    "Standing",
    "decide_night",
    "decide_promotion",
    "follow_ledger",
    "name_incumbent",
    "name_streams",
    "promote",
    "stand",
    "weigh",
]
