"""A person's word for a batch that failed: it is recorded, and the batch goes through the same steps once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contender.admission.judging import gate_batch
from contender.admission.publishing import publish_batch
from contender.admission.quarantine import (
    Quarantined,
    QuarantineError,
    find_quarantined,
    settle,
    superseded,
)
from contender.installation import Installation
from contender.lake import Published
from contender.records import Act, GateResult, gate_id
from contender.specs.frozen import Frozen

if TYPE_CHECKING:
    from contender.gating import Submit


class Released(Frozen):
    """What a release came to; `published` is None when the gate failed the batch for what the person did not see."""

    act: Act
    result: GateResult
    published: Published | None = None


def record_release(here: Installation, batch_id: str, by: str, reason: str) -> Quarantined:
    """Let a batch into the lake despite its gate, from now on and on this person's word.

    The gate still judges it whenever it comes, and excuses what failed in the judgement that the person saw. The same
    decision given again is the same act. Raises QuarantineError for a batch that was settled otherwise, was superseded,
    or holds nothing that fits its table.
    """
    item = find_quarantined(here, batch_id)
    daily = here.catalog.contract(item.batch.table).daily
    strange = sum(file.rows for file in item.batch.files if daily and file.day is None)
    if item.batch.rows == 0 or strange:
        what = f"{strange} rows of other days" if strange else "no row that could be read"
        raise QuarantineError(f"{item.id} holds {what}: have it delivered again, or discard it")
    settled = settle(here, item, "released", by, reason)
    if settled.act is not None and _was_superseded(here, settled, settled.act):
        raise superseded(item)
    return settled


def release_batch(
    here: Installation, batch_id: str, by: str, reason: str, submit: Submit | None = None
) -> Released:
    """Record a release, judge the batch again and publish it, unless it fails for what the person did not see.

    Given again with the same person and reason, it goes on where a killed attempt stopped. Raises QuarantineError as
    `record_release` does, LakeError and SparkError.
    """
    item = record_release(here, batch_id, by, reason)
    assert item.act is not None
    run = run_of_release(item.act)
    result = gate_batch(here, item.batch, run, submit)
    if result.verdict == "fail":
        return Released(act=item.act, result=result)
    return Released(act=item.act, result=result, published=publish_batch(here, item.batch, run))


def run_of_release(act: Act) -> str:
    """Return what the run of a release is called in the book of record."""
    return f"released {act.id}"


def _was_superseded(here: Installation, item: Quarantined, act: Act) -> bool:
    """Return whether another delivery took the batch's place after it was released."""
    if here.lake.holds(item.batch):
        return False
    own = here.book.gates.get(gate_id(item.batch, run_of_release(act)))
    since = act.at if own is None else own.at
    return here.book.gates.passed_since(item.batch.table, item.batch.days, since)
