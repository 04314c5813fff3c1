"""Where failed batches wait for a person: readable, never visible to consumers, and released only with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from contender.lake import places
from contender.records import Act, ActKind, Book, Defect, GateResult, StagedBatch, act_id
from contender.settings import Settings
from contender.specs.frozen import Frozen

State = Literal["waiting", "released", "discarded", "superseded"]


class QuarantineError(Exception):
    """What was asked cannot be done with a quarantined batch; the message says what can."""


class UnknownBatchError(QuarantineError):
    """No quarantined batch, or more than one, is meant; the message lists what there is."""


class Quarantined(Frozen):
    """A batch in quarantine: its gate's judgement, and what a person decided about it."""

    id: str
    place: str
    batch: StagedBatch
    result: GateResult
    state: State
    act: Act | None = None


def quarantine(batch: StagedBatch, result: GateResult, settings: Settings) -> GateResult:
    """Copy a failed batch, raw files and all, into the quarantine. Returns the result with the place noted.

    The folder is named by the content, so that the same bad delivery, tried again, waits there once.
    """
    place = places.below(settings.quarantine, batch.table, batch.days.key, batch.fingerprint[:16])
    noted = result.model_copy(update={"quarantine": place})
    raw = tuple(_copy(path, place, "raw") for path in batch.sources)
    staged = tuple(
        file.model_copy(update={"path": _copy(file.path, place, "staged")}) for file in batch.files
    )
    kept = batch.model_copy(update={"sources": raw, "files": staged})
    places.write(places.below(place, "batch.json"), kept.model_dump_json(indent=2).encode())
    # The last to be written: a folder without it is an attempt that was killed, and is filled by the next.
    places.write(places.below(place, "gate.json"), noted.model_dump_json(indent=2).encode())
    return noted


def list_quarantined(settings: Settings, book: Book) -> list[Quarantined]:
    """Every quarantined batch, newest first."""
    judged = places.files(settings.quarantine, suffix="/gate.json")
    found = [_read(file.place.removesuffix("/gate.json"), book) for file in judged]
    return sorted(found, key=lambda item: item.result.at, reverse=True)


def find_quarantined(batch_id: str, settings: Settings, book: Book) -> Quarantined:
    """The batch of that id, or of an id that begins so. Raises UnknownBatchError when there is none, or several."""
    matching = [item for item in list_quarantined(settings, book) if item.id.startswith(batch_id)]
    if len(matching) != 1:
        there = ", ".join(f"{i.id} ({i.batch.table} {i.batch.days.key})" for i in matching) or "none"
        raise UnknownBatchError(
            f"{len(matching)} quarantined batches have an id that begins with {batch_id!r}: {there}; "
            "`contender quarantine list` shows all"
        )
    return matching[0]


def release(item: Quarantined, by: str, reason: str, book: Book) -> Act:
    """Let a batch into the lake despite its gate, from now on and on this person's word.

    The gate still judges it whenever it comes, and lets it pass with a warning that names person and reason.
    Raises QuarantineError for one that is settled already, was superseded, or holds nothing that fits its table.
    """
    _check_waiting(item)
    strange = sum(file.rows for file in item.batch.files if file.day is None)
    if item.batch.rows == 0 or (strange and _is_daily(item)):
        what = f"{strange} rows of other days" if strange else "no row that could be read"
        raise QuarantineError(f"{item.id} holds {what}: have it delivered again, or discard it")
    return book.acts.add(_act("released", item, by, reason))


def discard(item: Quarantined, by: str, reason: str, book: Book) -> Act:
    """Forget a batch's rows; its judgement and this act remain. Raises QuarantineError for a settled one."""
    _check_waiting(item)
    act = book.acts.add(_act("discarded", item, by, reason))
    for part in ("raw", "staged"):
        places.remove_below(places.below(item.place, part))
    return act


def apply_release(result: GateResult, batch: StagedBatch, book: Book) -> GateResult:
    """The judgement of a batch that a person released: its failures are warnings, and it says whose word that is."""
    act = _settled(batch.table, batch.fingerprint[:16], book)
    if result.verdict != "fail" or act is None or act.kind != "released":
        return result
    word = Defect(
        what=f"it was released by {act.by}: {act.reason}",
        where=f"{batch.table} {batch.days.key}",
        way_out="have the source correct it, and deliver it again",
        severity="warn",
    )
    return result.model_copy(
        update={
            "verdict": "warn",
            "expectations": tuple(
                e.model_copy(update={"verdict": "warn"}) if e.verdict == "fail" else e
                for e in result.expectations
            ),
            "defects": (word, *(d.model_copy(update={"severity": "warn"}) for d in result.defects)),
        }
    )


def _copy(source: str, place: str, part: str) -> str:
    return places.copy(source, places.below(place, part, places.name_of(source)))


def _read(place: str, book: Book) -> Quarantined:
    result = GateResult.model_validate_json(places.read(places.below(place, "gate.json")))
    batch = StagedBatch.model_validate_json(places.read(places.below(place, "batch.json")))
    batch_id = places.name_of(place)
    act = _settled(batch.table, batch_id, book)
    state: State = "waiting"
    if act is not None:
        state = "released" if act.kind == "released" else "discarded"
    elif _passed_since(result, book):
        state = "superseded"
    return Quarantined(id=batch_id, place=place, batch=batch, result=result, state=state, act=act)


def _settled(table: str, batch_id: str, book: Book) -> Act | None:
    settling = ("released", "discarded")
    return next(
        (act for act in book.acts.newest(table) if act.key == batch_id and act.kind in settling), None
    )


def _passed_since(result: GateResult, book: Book) -> bool:
    return any(
        other.days == result.days and other.verdict != "fail" and other.at > result.at
        for other in book.gates.newest(result.table)
    )


def _check_waiting(item: Quarantined) -> None:
    if item.act is not None:
        raise QuarantineError(
            f"{item.id} was {item.act.kind} by {item.act.by} on {item.act.at:%Y-%m-%d %H:%M}"
        )
    if item.state == "superseded":
        raise QuarantineError(
            f"{item.id} was superseded: another delivery of {item.batch.table} {item.batch.days.key} passed "
            "since; releasing it would put the worse in the better one's place"
        )


def _is_daily(item: Quarantined) -> bool:
    return any(file.day is not None for file in item.batch.files)


def _act(kind: ActKind, item: Quarantined, by: str, reason: str) -> Act:
    now = datetime.now(UTC)
    return Act(
        id=act_id(kind, item.batch.table, item.id, now),
        kind=kind,
        about=item.batch.table,
        key=item.id,
        by=by,
        reason=reason,
        detail={"days": item.batch.days.key, "gate": item.result.id, "rows": item.batch.rows},
        at=now,
    )
