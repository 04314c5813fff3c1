"""Promotion: decide which version serves, enter the decision into the ledger, and update the alias."""

from contender.promoting.approve import apply_answers, enter_answers, needs_approval, split_by_approval
from contender.promoting.decide import decide_night, decide_promotion
from contender.promoting.evidence import compute_evidence, family_begins, race_begins, trace
from contender.promoting.pairs import fingerprint_pairs
from contender.promoting.promote import follow_ledger, promote, verify_ledger
from contender.promoting.recovery import CLOSING, LONGEST_BREAK, add_break
from contender.promoting.rollback import (
    ManualDecision,
    ManualKind,
    RollbackError,
    decide_by_hand,
    plan_emergency,
    plan_resumption,
    plan_rollback,
)
from contender.promoting.standing import (
    DECISIVE,
    earlier_tests,
    incumbent_stream,
    read_standing,
    shadow_streams,
    standing_after,
    still_since,
)
from contender.records import Standing

__all__ = [
    "CLOSING",
    "DECISIVE",
    "LONGEST_BREAK",
    "ManualDecision",
    "ManualKind",
    "RollbackError",
    "Standing",
    "add_break",
    "apply_answers",
    "compute_evidence",
    "decide_by_hand",
    "decide_night",
    "decide_promotion",
    "earlier_tests",
    "enter_answers",
    "family_begins",
    "fingerprint_pairs",
    "follow_ledger",
    "incumbent_stream",
    "needs_approval",
    "plan_emergency",
    "plan_resumption",
    "plan_rollback",
    "promote",
    "race_begins",
    "read_standing",
    "shadow_streams",
    "split_by_approval",
    "standing_after",
    "still_since",
    "trace",
    "verify_ledger",
]
