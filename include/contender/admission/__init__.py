"""Admit staged batches into their tables, one function per step.

`receive_batch` stages a delivery or takes a released batch, `gate_batch` checks it, `publish_batch` commits it to its
table and marks versions that were trained on the replaced rows, `should_announce` decides whether downstream runs
start. A failed batch waits in quarantine until `release_batch` passes it through the same steps on a person's decision,
or `discard_batch` deletes it.
"""

from contender.admission.comparing import ComparedRows, compare_failing
from contender.admission.excusing import apply_release, excuse, find_unexcused
from contender.admission.judging import gate_batch
from contender.admission.publishing import publish_batch, should_announce, starts_downstream
from contender.admission.quarantine import (
    Quarantined,
    QuarantineError,
    UnknownBatchError,
    discard_batch,
    find_quarantined,
    list_quarantined,
    quarantine_batch,
    read_state,
)
from contender.admission.receiving import receive_batch
from contender.admission.releasing import (
    Reingestion,
    Released,
    decide_quarantined,
    record_release,
    release_batch,
)
from contender.admission.repeating import find_night, night_to_repeat
from contender.admission.superseding import find_superseded, mark_superseded, note_superseded
from contender.admission.trying import Tried, TryError, try_files
from contender.admission.viewing import ShownRows, show_quarantined

__all__ = [
    "ComparedRows",
    "QuarantineError",
    "Quarantined",
    "Reingestion",
    "Released",
    "ShownRows",
    "Tried",
    "TryError",
    "UnknownBatchError",
    "apply_release",
    "compare_failing",
    "decide_quarantined",
    "discard_batch",
    "excuse",
    "find_night",
    "find_quarantined",
    "find_superseded",
    "find_unexcused",
    "gate_batch",
    "list_quarantined",
    "mark_superseded",
    "night_to_repeat",
    "note_superseded",
    "publish_batch",
    "quarantine_batch",
    "read_state",
    "receive_batch",
    "record_release",
    "release_batch",
    "should_announce",
    "show_quarantined",
    "starts_downstream",
    "try_files",
]
