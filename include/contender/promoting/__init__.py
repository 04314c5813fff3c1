"""Promote: decides what serves, enters it into the ledger, and lets the alias follow."""

from contender.promoting.approve import enter_answers, needs_approval, part, settle
from contender.promoting.decide import decide_night, decide_promotion
from contender.promoting.evidence import weigh, weigh_pairs
from contender.promoting.promote import follow_ledger, promote, verify_ledger
from contender.promoting.race import fingerprint_pairs, trace
from contender.promoting.rollback import (
    RollbackError,
    Wish,
    decide_by_hand,
    plan_emergency,
    plan_resumption,
    plan_rollback,
)
from contender.promoting.standing import DECISIVE, name_incumbent, name_streams, stand, stand_after
from contender.records import Standing

__all__ = [
    "DECISIVE",
    "RollbackError",
    "Standing",
    "Wish",
    "decide_by_hand",
    "decide_night",
    "decide_promotion",
    "enter_answers",
    "fingerprint_pairs",
    "follow_ledger",
    "name_incumbent",
    "name_streams",
    "needs_approval",
    "part",
    "plan_emergency",
    "plan_resumption",
    "plan_rollback",
    "promote",
    "settle",
    "stand",
    "stand_after",
    "trace",
    "verify_ledger",
    "weigh",
    "weigh_pairs",
]
