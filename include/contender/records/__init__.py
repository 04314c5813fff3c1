"""The book of record: the typed records that stages pass to each other, and the tables that store them."""

from contender.records.acts import CORRECTING, INSTALLATION, Act, ActKind
from contender.records.agreements import DayAgreement
from contender.records.alerts import Alert
from contender.records.audit import Audited, read_audit
from contender.records.batches import (
    NOT_CHECKED,
    Defect,
    DeliveredFile,
    ExpectationResult,
    GateResult,
    Publication,
    StagedBatch,
    StagedFile,
    Verdict,
    gate_id,
    publication_id,
    quarantine_id,
)
from contender.records.book import Book
from contender.records.caveats import caveat_id
from contender.records.copying import copy_book, count_records
from contender.records.day_returns import DayReturn
from contender.records.documents import fingerprint_text
from contender.records.evaluations import compares_refresh
from contender.records.evidence import Evidence, PairedDay, Question
from contender.records.fit_verdicts import FitVerdict
from contender.records.identity import identify
from contender.records.incidents import (
    Cause,
    Failure,
    Incident,
    IncidentChange,
    IncidentEvent,
    Step,
    Urgency,
)
from contender.records.ledger import CHANGING, MACHINE, Entry, StaleDecision, count_held_nights
from contender.records.measurements import (
    BehaviourCheck,
    CalibrationPoint,
    Interval,
    Measures,
    OutcomeChange,
    SliceMeasures,
)
from contender.records.models import (
    Caveat,
    Decision,
    Evaluation,
    Grounds,
    Pin,
    Reason,
    Standing,
    TrainedVersion,
)
from contender.records.monitored_days import (
    ChangeKind,
    ColumnChange,
    DriftVerdict,
    Monitored,
    ScoreSkew,
)
from contender.records.opening import (
    BookError,
    DatabaseError,
    book_exists,
    knows_revision,
    migrate,
    newest_revision,
    open_book,
)
from contender.records.passing import read_all
from contender.records.profiles import ColumnProfile, DayProfile, profile_id
from contender.records.proposals import Answer, Proposal
from contender.records.sketches import (
    ColumnSketch,
    GatedDays,
    HistoryChange,
    TrainingSketch,
    UsualChange,
)
from contender.records.streams import CHAMPION, KEPT, STILL, name_strategy, question_of
from contender.records.task_uses import TaskUse
from contender.records.trained_versions import PinnedBy

__all__ = [
    "CHAMPION",
    "CHANGING",
    "CORRECTING",
    "INSTALLATION",
    "KEPT",
    "MACHINE",
    "NOT_CHECKED",
    "STILL",
    "Act",
    "ActKind",
    "Alert",
    "Answer",
    "Audited",
    "BehaviourCheck",
    "Book",
    "BookError",
    "CalibrationPoint",
    "Cause",
    "Caveat",
    "ChangeKind",
    "ColumnChange",
    "ColumnProfile",
    "ColumnSketch",
    "DatabaseError",
    "DayAgreement",
    "DayProfile",
    "DayReturn",
    "Decision",
    "Defect",
    "DeliveredFile",
    "DriftVerdict",
    "Entry",
    "Evaluation",
    "Evidence",
    "ExpectationResult",
    "Failure",
    "FitVerdict",
    "GateResult",
    "GatedDays",
    "Grounds",
    "HistoryChange",
    "Incident",
    "IncidentChange",
    "IncidentEvent",
    "Interval",
    "Measures",
    "Monitored",
    "OutcomeChange",
    "PairedDay",
    "Pin",
    "PinnedBy",
    "Proposal",
    "Publication",
    "Question",
    "Reason",
    "ScoreSkew",
    "SliceMeasures",
    "StagedBatch",
    "StagedFile",
    "StaleDecision",
    "Standing",
    "Step",
    "TaskUse",
    "TrainedVersion",
    "TrainingSketch",
    "Urgency",
    "UsualChange",
    "Verdict",
    "book_exists",
    "caveat_id",
    "compares_refresh",
    "copy_book",
    "count_held_nights",
    "count_records",
    "fingerprint_text",
    "gate_id",
    "identify",
    "knows_revision",
    "migrate",
    "name_strategy",
    "newest_revision",
    "open_book",
    "profile_id",
    "publication_id",
    "quarantine_id",
    "question_of",
    "read_all",
    "read_audit",
]
