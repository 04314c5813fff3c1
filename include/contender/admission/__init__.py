"""Admission: the way of a staged batch into its table, one function a step.

`gate_batch` judges it, `publish_batch` makes it the table's content and marks versions that were fitted on what it
replaces, `should_announce` says whether that starts anything downstream. A batch that fails waits in quarantine, until
`release_batch` sends it through the same steps on a person's word, or `discard_batch` deletes it.
"""

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
)
from contender.admission.releasing import Released, record_release, release_batch
from contender.admission.superseding import find_superseded, mark_superseded, note_superseded
from contender.admission.viewing import ShownRows, show_quarantined

__all__ = [
    "QuarantineError",
    "Quarantined",
    "Released",
    "ShownRows",
    "UnknownBatchError",
    "apply_release",
    "discard_batch",
    "excuse",
    "find_quarantined",
    "find_superseded",
    "find_unexcused",
    "gate_batch",
    "list_quarantined",
    "mark_superseded",
    "note_superseded",
    "publish_batch",
    "quarantine_batch",
    "record_release",
    "release_batch",
    "should_announce",
    "show_quarantined",
    "starts_downstream",
]
