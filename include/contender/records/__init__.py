"""The book of record: the typed records that stages hand to each other, and the tables that keep them."""

from contender.records.acts import Act, ActKind, act_id
from contender.records.alerts import Alert
from contender.records.audit import Audited, read_audit
from contender.records.batches import (
    Defect,
    ExpectationResult,
    GateResult,
    Publication,
    StagedBatch,
    StagedFile,
    Verdict,
    gate_id,
    publication_id,
)
from contender.records.book import Book, BookError, migrate, open_book
from contender.records.identity import identify
from contender.records.ledger import Entry, StaleDecision
from contender.records.models import (
    Caveat,
    Decision,
    DriftVerdict,
    Evaluation,
    Evidence,
    Measures,
    Monitored,
    PairedDay,
    Pin,
    Question,
    Reason,
    TrainedVersion,
)
from contender.records.passing import read_all
from contender.records.profiles import ColumnProfile, DayProfile, profile_id

__all__ = [
    "Act",
    "ActKind",
    "Alert",
    "Audited",
    "Book",
    "BookError",
    "Caveat",
    "ColumnProfile",
    "DayProfile",
    "Decision",
    "Defect",
    "DriftVerdict",
    "Entry",
    "Evaluation",
    "Evidence",
    "ExpectationResult",
    "GateResult",
    "Measures",
    "Monitored",
    "PairedDay",
    "Pin",
    "Publication",
    "Question",
    "Reason",
    "StagedBatch",
    "StagedFile",
    "StaleDecision",
    "TrainedVersion",
    "Verdict",
    "act_id",
    "gate_id",
    "identify",
    "migrate",
    "open_book",
    "profile_id",
    "publication_id",
    "read_all",
    "read_audit",
]
