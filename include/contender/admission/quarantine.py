"""The quarantine of failed batches: readable by people, invisible to consumers, released only with a reason."""

from __future__ import annotations

from typing import Literal

from contender.errors import PermanentError
from contender.installation import Installation
from contender.lake import places
from contender.records import Act, Book, GateResult, StagedBatch, StagedFile, identify, quarantine_id
from contender.settings import Settings
from contender.specs.frozen import Frozen

State = Literal["waiting", "released", "discarded", "superseded"]
Settlement = Literal["released", "discarded"]


class QuarantineError(PermanentError):
    """A quarantined batch cannot be released or discarded; the message says why and what to do."""


class UnknownBatchError(QuarantineError):
    """No quarantined batch, or more than one, is meant; the message lists what there is."""


class Quarantined(Frozen):
    """A batch in quarantine, its gate result, and a person's decision about that result."""

    id: str
    place: str
    batch: StagedBatch
    result: GateResult
    state: State
    act: Act | None = None


def quarantine_batch(batch: StagedBatch, result: GateResult, settings: Settings) -> GateResult:
    """Copy a failed batch with its raw files into the quarantine. Return the result with its place there."""
    place = places.below(settings.quarantine, batch.table, batch.days.key, quarantine_id(batch.fingerprint))
    noted = result.model_copy(update={"quarantine": place})
    raw = tuple(_copy(path, place, "raw") for path in batch.sources)
    staged = tuple(_copy_staged(file, place) for file in batch.files)
    kept = batch.model_copy(update={"sources": raw, "files": staged})
    places.write(places.below(place, "batch.json"), kept.model_dump_json(indent=2).encode())
    # Written last: a folder without it belongs to a killed attempt, and is completed by the next one.
    places.write(places.below(place, "gate.json"), noted.model_dump_json(indent=2).encode())
    return noted


def list_quarantined(here: Installation) -> list[Quarantined]:
    """Return every quarantined batch, newest first."""
    _ = here.book  # an unusable book is an error, even if the quarantine is empty
    judged = places.files(here.settings.quarantine, suffix="/gate.json")
    found = [_read(file.place.removesuffix("/gate.json"), here.book) for file in judged]
    return sorted(found, key=lambda item: item.result.at, reverse=True)


def find_quarantined(here: Installation, batch_id: str) -> Quarantined:
    """Return the batch whose id begins so. Raises UnknownBatchError when there is none, or several."""
    items = list_quarantined(here)
    matching = [item for item in items if item.id.startswith(batch_id)]
    if len(matching) != 1:
        there = ", ".join(f"{i.id} ({i.batch.table} {i.batch.days.key})" for i in matching) or "none"
        raise UnknownBatchError(
            f"{len(matching)} quarantined batches have an id that starts with {batch_id!r}: {there}; "
            "list all with `contender quarantine list`"
        )
    return matching[0]


def read_state(result: GateResult, batch_id: str, book: Book) -> tuple[State, Act | None]:
    """Return what became of a batch that failed its gate with this result, and the decision about it."""
    act = book.acts.settlement_of(result.table, batch_id)
    if act is not None and act.detail.get("gate") != result.id and act.at < result.at:
        act = None  # the decision was about an earlier gate result; the batch has failed again since
    if act is not None:
        return "released" if act.kind == "released" else "discarded", act
    return "superseded" if book.gates.passed_since(result.table, result.days, result.at) else "waiting", None


def discard_batch(here: Installation, batch_id: str, by: str, reason: str) -> Quarantined:
    """Delete a batch's rows and files; its gate result and this act remain.

    Repeating the same decision completes a killed attempt. Raises QuarantineError if another decision was made.
    """
    item = find_quarantined(here, batch_id)
    settled = settle(here, item, "discarded", by, reason)
    for part in ("raw", "staged"):
        places.remove_below(places.below(item.place, part))
    return settled


def settle(here: Installation, item: Quarantined, kind: Settlement, by: str, reason: str) -> Quarantined:
    """Record a person's decision about a batch. Repeating the same decision returns the same act.

    There is one act for each gate result, also if two processes decide at once. Raises QuarantineError if another
    decision was made, or if another delivery has superseded the batch.
    """
    if item.act is not None and (item.act.kind, item.act.by, item.act.reason) == (kind, by, reason):
        return item
    check_waiting(item)
    # The act refers to the gate result, which a killed attempt may not have recorded yet.
    here.book.gates.add(item.result)
    act = here.book.acts.add(
        Act(
            id=identify("settlement", item.batch.table, item.id, item.result.id),
            kind=kind,
            about=item.batch.table,
            key=item.id,
            by=by,
            reason=reason,
            detail={"days": item.batch.days.key, "gate": item.result.id, "rows": item.batch.rows},
        )
    )
    if (act.kind, act.by, act.reason) != (kind, by, reason):
        raise decided(item.id, act)
    return item.model_copy(update={"act": act, "state": kind})


def check_waiting(item: Quarantined) -> None:
    """Raise QuarantineError unless the batch waits for a decision."""
    if item.act is not None:
        raise decided(item.id, item.act)
    if item.state == "superseded":
        raise superseded(item)


def decided(batch_id: str, act: Act) -> QuarantineError:
    """Return the error for a batch about which another decision was made."""
    return QuarantineError(f"{batch_id} was {act.kind} by {act.by} on {act.at:%Y-%m-%d %H:%M}")


def superseded(item: Quarantined) -> QuarantineError:
    """Return the error for a batch that must not replace one that has passed since."""
    return QuarantineError(
        f"{item.id} was superseded: another delivery of {item.batch.table} {item.batch.days.key} has passed "
        "since, and releasing this one would replace it; discard this batch"
    )


def _copy_staged(file: StagedFile, place: str) -> StagedFile:
    origins = None if file.origins is None else _copy(file.origins, place, "staged")
    return file.model_copy(update={"path": _copy(file.path, place, "staged"), "origins": origins})


def _copy(source: str, place: str, part: str) -> str:
    return places.copy(source, places.below(place, part, places.name_of(source)))


def _read(place: str, book: Book) -> Quarantined:
    result = GateResult.model_validate_json(places.read(places.below(place, "gate.json")))
    batch = StagedBatch.model_validate_json(places.read(places.below(place, "batch.json")))
    batch_id = places.name_of(place)
    state, act = read_state(result, batch_id, book)
    return Quarantined(id=batch_id, place=place, batch=batch, result=result, state=state, act=act)
