"""The first step of admission: check a batch, and quarantine it if it fails."""

from __future__ import annotations

from contender.admission.excusing import apply_release
from contender.admission.holding import hold_broken_feed
from contender.admission.quarantine import quarantine_batch
from contender.installation import Installation
from contender.records import GateResult, StagedBatch, gate_id
from contender.submitting import Submit


def gate_batch(here: Installation, batch: StagedBatch, run: str, submit: Submit | None = None) -> GateResult:
    """Check a staged batch and record the result. A failed batch is quarantined, unless a person released it.

    `submit` starts the Spark job of a large batch. The result is recorded last, so a retry after a killed attempt
    completes it, and a retry after a recorded result returns that result. Raises SparkError.
    """
    from contender.gating import check_by_size, read_past  # Great Expectations takes seconds to import

    book, contract = here.book, here.catalog.contract(batch.table)
    if (recorded := book.gates.get(gate_id(batch, run))) is not None:
        return recorded
    past = read_past(contract, batch, here.lake, book)
    judged = check_by_size(contract, batch, run, here.settings, past, submit)
    result = apply_release(hold_broken_feed(here, batch, judged), book)
    if result.verdict == "fail":
        result = quarantine_batch(batch, result, here.settings)
    elif past is not None and past.today is not None:
        book.profiles.add(past.today)
    return book.gates.add(result)
