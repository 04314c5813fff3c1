"""Release a quarantined batch: record the person's decision, and admit the batch by the same steps again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from contender.admission.judging import gate_batch
from contender.admission.publishing import publish_batch
from contender.admission.quarantine import (
    Quarantined,
    QuarantineError,
    discard_batch,
    find_quarantined,
    settle,
    superseded,
)
from contender.installation import Installation
from contender.lake import Published
from contender.records import Act, GateResult, gate_id
from contender.specs import Days, dag_id
from contender.specs.frozen import Frozen

if TYPE_CHECKING:
    from contender.submitting import Submit

Action = Literal["release", "discard"]


class Released(Frozen):
    """The result of a release; `published` is None if the batch failed for reasons that the person did not see."""

    act: Act
    result: GateResult
    published: Published | None = None


class Reingestion(Frozen):
    """The run that ingests a released batch in place of the delivery: the id of its DAG, and its parameters."""

    dag: str
    conf: dict[str, str]


def record_release(here: Installation, batch_id: str, by: str, reason: str) -> Quarantined:
    """Record a person's decision that a batch may be published despite its failures.

    The gate checks the batch again whenever it is delivered, and turns the failures that the person saw into warnings.
    Repeating the same decision returns the same act. Raises QuarantineError if another decision was made, or if the
    batch was superseded or has no rows that fit its table.
    """
    item = find_quarantined(here, batch_id)
    daily = here.catalog.contract(item.batch.table).daily
    misplaced = sum(file.rows for file in item.batch.files if daily and file.day is None)
    if item.batch.rows == 0 or misplaced:
        what = f"{misplaced} rows of other days" if misplaced else "no readable rows"
        raise QuarantineError(
            f"{item.id} cannot be released, it has {what}: ask for a new delivery, or discard it"
        )
    settled = settle(here, item, "released", by, reason)
    if settled.act is not None and _was_superseded(here, settled, settled.act):
        raise superseded(item)
    return settled


def decide_quarantined(
    here: Installation, batch_id: str, action: Action, by: str, reason: str
) -> Reingestion | None:
    """Record the decision about a batch. Return the run that ingests a released one, or None for a discarded one.

    Raises QuarantineError as `record_release` and `discard_batch` do, and for a released batch that is built from
    other tables: its features run admits it.
    """
    if action == "discard":
        discard_batch(here, batch_id, by, reason)
        return None
    item = record_release(here, batch_id, by, reason)
    layer, _, name = item.batch.table.partition(".")
    if layer != "datasets":
        raise QuarantineError(
            f"the release is recorded, but {item.batch.table} is built from other tables and cannot be ingested: "
            f"start {dag_id('features', name)} for {item.batch.days.key} again, its gate passes with a warning"
        )
    return Reingestion(dag=dag_id("ingest", name), conf={**_span(item.batch.days), "quarantined": item.id})


def _span(days: Days) -> dict[str, str]:
    return {"day": str(days.first)} if days.is_single else {"first": str(days.first), "last": str(days.last)}


def release_batch(
    here: Installation, batch_id: str, by: str, reason: str, submit: Submit | None = None
) -> Released:
    """Record a release, check the batch again and publish it, unless it has failures that the person did not see.

    Repeating the same decision continues a killed attempt. Raises QuarantineError as `record_release` does, LakeError
    and SparkError.
    """
    item = record_release(here, batch_id, by, reason)
    assert item.act is not None
    run = run_of_release(item.act)
    result = gate_batch(here, item.batch, run, submit)
    if result.verdict == "fail":
        return Released(act=item.act, result=result)
    return Released(act=item.act, result=result, published=publish_batch(here, item.batch, run))


def run_of_release(act: Act) -> str:
    """Return the name of a release's run in the book of record."""
    return f"released {act.id}"


def _was_superseded(here: Installation, item: Quarantined, act: Act) -> bool:
    """Return whether another delivery replaced the batch after its release."""
    if here.lake.holds(item.batch):
        return False
    own = here.book.gates.get(gate_id(item.batch, run_of_release(act)))
    since = act.at if own is None else own.at
    return here.book.gates.passed_since(item.batch.table, item.batch.days, since)
