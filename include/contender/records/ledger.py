"""The promotion ledger: entries that only follow each other, each sealed with the one before it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from contender.records.models import Decision
from contender.records.tables import LedgerRow
from contender.specs.frozen import Frozen

_ATTEMPTS = 100


class StaleDecision(RuntimeError):  # noqa: N818 - it is a state, not a mistake
    """The champion is not the one that a decision was made against; the message says what to do."""


class Entry(Frozen):
    """A decision's place in its model's ledger. `seal` is the SHA-256 of all else, the seal before it included."""

    number: int
    previous: str
    entered: datetime
    decision: Decision
    seal: str


def enter(engine: Engine, decision: Decision) -> Entry:
    """Append a decision to its model's ledger; one that stands there already is returned as it was entered.

    Compare-and-set: it is entered only while the champion is the one that it was made against. Any number of
    processes may try at once; the numbers of a model's entries are unique, so one wins and the others look
    again. Raises StaleDecision when the champion has changed.
    """
    for _ in range(_ATTEMPTS):
        newest = head(engine, decision.model)
        # After the head: were it the other way round, a twin that enters in between would make this one look stale.
        with Session(engine) as session:
            if (row := session.get(LedgerRow, decision.id)) is not None:
                return _entry(row)
        serving = None if newest is None else newest.decision.champion_after
        if decision.champion_before != serving:
            raise StaleDecision(
                f"{decision.model}: the champion is {_named(serving)}, not {_named(decision.champion_before)}, which "
                f"the decision of night {decision.night} was made against: nothing was changed; judge again"
            )
        row = _sealed(decision, 0 if newest is None else newest.number, "" if newest is None else newest.seal)
        try:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                session.add(row)
        except IntegrityError:  # another process took the number, or entered the very same decision
            continue
        return _entry(row)
    raise RuntimeError(f"{decision.model}: {_ATTEMPTS} other decisions came first: is something in a loop?")


def head(engine: Engine, model: str) -> Entry | None:
    """The newest entry of a model."""
    entries = read(engine, model, 1)
    return entries[0] if entries else None


def read(
    engine: Engine, models: Sequence[str] | str | None, limit: int | None, kinds: Sequence[str] | None = None
) -> list[Entry]:
    """The newest entries (of one model, or of some; of some kinds), newest first."""
    query = select(LedgerRow).order_by(LedgerRow.at.desc(), LedgerRow.number.desc()).limit(limit)
    if isinstance(models, str):
        query = (
            select(LedgerRow)
            .where(LedgerRow.subject == models)
            .order_by(LedgerRow.number.desc())
            .limit(limit)
        )
    elif models is not None:
        query = query.where(LedgerRow.subject.in_(models))
    if kinds is not None:
        query = query.where(LedgerRow.state.in_(kinds))
    with Session(engine) as session:
        return [_entry(row) for row in session.scalars(query)]


def verify(engine: Engine, model: str) -> tuple[str, ...]:
    """What is wrong with a model's ledger, a line each; nothing when it is as it was written.

    Read from the stored columns and not through the records, so that an unknown field changes the seal, too.
    An entry taken from the end leaves no trace in the ledger itself: hold the newest seal against one kept elsewhere.
    """
    query = select(LedgerRow).where(LedgerRow.subject == model).order_by(LedgerRow.number)
    with Session(engine) as session:
        rows = list(session.scalars(query))
    return (*_broken_seals(rows), *_broken_links(rows))


def _broken_seals(rows: Sequence[LedgerRow]) -> Iterable[str]:
    for row in rows:
        told = (row.key, row.state, row.id)
        decision = row.record["decision"]
        assert isinstance(decision, dict)
        if seal_of(row.record) != row.seal:
            yield f"entry {row.number} of night {row.key} was changed after it was entered"
        elif (
            told != (decision["night"], decision["kind"], decision["id"])
            or row.record["number"] != row.number
        ):
            yield f"entry {row.number}: the columns beside the record say something else than it"


def _broken_links(rows: Sequence[LedgerRow]) -> Iterable[str]:
    if rows and (rows[0].number != 1 or rows[0].record["previous"] != ""):
        yield f"the ledger begins with entry {rows[0].number}: those before it are gone"
    for before, row in pairwise(rows):
        if row.number != before.number + 1:
            yield f"entries {before.number + 1} to {row.number - 1} are gone"
        elif row.record["previous"] != before.seal:
            yield f"entry {row.number} was not written after entry {before.number}"


def seal_of(content: dict[str, object]) -> str:
    """The SHA-256 of an entry's content as JSON with sorted keys and no spaces."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _sealed(decision: Decision, number: int, previous: str) -> LedgerRow:
    entered = datetime.now(UTC)
    content: dict[str, object] = {
        "number": number + 1,
        "previous": previous,
        "entered": entered.isoformat(),
        "decision": decision.model_dump(mode="json"),
    }
    return LedgerRow(
        id=decision.id,
        subject=decision.model,
        key=str(decision.night),
        state=decision.kind,
        at=entered,
        number=number + 1,
        seal=seal_of(content),
        record=content,
    )


def _entry(row: LedgerRow) -> Entry:
    return Entry.model_validate({**row.record, "seal": row.seal})


def _named(version: int | None) -> str:
    return "nobody" if version is None else f"version {version}"
