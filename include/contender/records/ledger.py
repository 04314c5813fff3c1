"""The promotion ledger: an append-only list of decisions, each entry sealed with the previous one."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import pairwise, takewhile
from typing import Any

from sqlalchemy import Engine, String, UniqueConstraint, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from contender.errors import PermanentError
from contender.records.models import Decision
from contender.records.store import Subjects
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen

_ATTEMPTS = 100
MACHINE = "contender"  # the author of decisions that no person made
# Kinds of entries after which another version may serve; the others keep the champion.
CHANGING = ("first", "refreshed", "promoted", "recovered", "returned", "rolled_back", "emergency")


class StaleDecision(PermanentError):  # noqa: N818 - it is a state, not a mistake
    """Raised when the champion has changed since a decision was made."""


class Entry(Frozen):
    """An entry of a model's ledger. `seal` is the SHA-256 of all other fields, including the previous seal."""

    number: int
    previous: str
    entered: datetime
    decision: Decision
    seal: str


class LedgerRow(Base):
    """subject: model; key: night; state: the decision's kind; person: who decided or approved it, if a person did."""

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("subject", "number", name="one_entry_a_number"),
        *indexes(
            "ledger",
            ("subject", "key", "number"),
            ("subject", "state", "number"),
            ("evaluation",),
            ("person", "at"),
        ),
    )

    number: Mapped[int]
    evaluation: Mapped[str | None] = mapped_column(String(32))
    person: Mapped[str | None] = mapped_column(String)
    seal: Mapped[str] = mapped_column(String(64))


class Ledger:
    """The promotion ledgers of all models."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def enter(self, decision: Decision) -> Entry:
        """Append a decision to its model's ledger and return the entry, or the existing entry of this decision.

        Compare-and-set: the decision is entered only if its `champion_before` is still the champion. Processes may
        call this concurrently: entry numbers of a model are unique, so one process succeeds and the others retry.
        Raises StaleDecision when the champion has changed.
        """
        for _ in range(_ATTEMPTS):
            newest = self.head(decision.model)
            # Read after the head: otherwise the same decision, entered in between, would make this one look stale.
            with Session(self._engine) as session:
                if (row := session.get(LedgerRow, decision.id)) is not None:
                    return _entry(row)
            serving = None if newest is None else newest.decision.champion_after
            if decision.champion_before != serving:
                raise StaleDecision(
                    f"{decision.model}: the champion is {_named(serving)}, but the decision of night "
                    f"{decision.night} was made against {_named(decision.champion_before)}. Nothing was changed; "
                    "evaluate the night again"
                )
            number, seal = (0, "") if newest is None else (newest.number, newest.seal)
            row = sealed_row(decision, number, seal)
            try:
                with Session(self._engine, expire_on_commit=False) as session, session.begin():
                    session.add(row)
            except IntegrityError:  # another process took the number, or entered the very same decision
                continue
            return _entry(row)
        raise RuntimeError(
            f"{decision.model}: the decision was not entered in {_ATTEMPTS} attempts, because other decisions were "
            "entered first. Check for a process that enters decisions in a loop"
        )

    def head(self, model: str) -> Entry | None:
        """Return the newest entry of a model, or None."""
        return self._first(_of(model))

    def champion(self, model: str) -> int | None:
        """Return the serving version according to the ledger."""
        newest = self.head(model)
        return None if newest is None else newest.decision.champion_after

    def numbers(self, models: Collection[str]) -> dict[str, int]:
        """Return the number of the newest entry of each of these models that has one, in one query."""
        query = select(LedgerRow.subject, func.max(LedgerRow.number)).where(LedgerRow.subject.in_(models))
        with Session(self._engine) as session:
            return {row[0]: row[1] for row in session.execute(query.group_by(LedgerRow.subject))}

    def entry(self, model: str, number: int) -> Entry | None:
        """Return the entry with a number, or None."""
        return self._first(_of(model).where(LedgerRow.number == number))

    def decision(self, decision_id: str) -> Decision | None:
        """Return the entered decision with an id, or None."""
        found = self._first(select(LedgerRow).where(LedgerRow.id == decision_id))
        return None if found is None else found.decision

    def starting_with(self, prefix: str) -> list[Entry]:
        """Return the entries of all models whose decision id starts with a prefix, newest first."""
        found = select(LedgerRow).where(LedgerRow.id.startswith(prefix, autoescape=True))
        entries = self._all(found.order_by(LedgerRow.at.desc(), LedgerRow.number.desc()))
        return [entry for entry in entries if entry.decision.id.startswith(prefix)]  # SQLite ignores case

    def last_of(self, model: str, kinds: Sequence[str], before: int | None = None) -> Entry | None:
        """Return the newest entry of some kinds; with `before`, only among entries with lower numbers."""
        query = _of(model).where(LedgerRow.state.in_(kinds))
        return self._first(query if before is None else query.where(LedgerRow.number < before))

    def lately_only(self, model: str, kind: str, limit: int = 100) -> list[Entry]:
        """Return the entries of a kind that are newer than every entry of another kind, newest first."""
        other = select(func.max(LedgerRow.number)).where(LedgerRow.subject == model, LedgerRow.state != kind)
        with Session(self._engine) as session:
            after = session.scalar(other) or 0
        return self._all(_of(model).where(LedgerRow.number > after).limit(limit))

    def held_nights(self, model: str) -> int:
        """Return in how many nights refreshes were held since the newest entry of another kind; 100 entries count."""
        return count_held_nights(entry.decision for entry in self.lately_only(model, "held"))

    def of_night(self, model: str, night: date) -> list[Entry]:
        """Return the entries of a night, newest first."""
        return self._all(_of(model).where(LedgerRow.key == str(night)))

    def served_on(self, model: str, night: date) -> int | None:
        """Return the version that served after the last decision up to and including a night."""
        last = self._first(_of(model).where(LedgerRow.key <= str(night)))
        return None if last is None else last.decision.champion_after

    def history(self, model: str) -> list[Entry]:
        """Return all entries of a model, newest first."""
        return self._all(_of(model))

    def models(self) -> list[str]:
        """Return the models that have a ledger."""
        with Session(self._engine) as session:
            return list(session.scalars(select(LedgerRow.subject).distinct().order_by(LedgerRow.subject)))

    def count(self) -> int:
        """Return the number of entries of all models."""
        with Session(self._engine) as session:
            return session.scalars(select(func.count()).select_from(LedgerRow)).one()

    def newest(self, models: Subjects = None, limit: int = 100) -> list[Entry]:
        """Return the newest entries (of one model, of some, or of all), newest first."""
        if isinstance(models, str):
            return self._all(_of(models).limit(limit))
        query = select(LedgerRow).order_by(LedgerRow.at.desc(), LedgerRow.number.desc()).limit(limit)
        return self._all(query if models is None else query.where(LedgerRow.subject.in_(models)))

    def decisions(self, models: Subjects = None, limit: int = 100) -> list[Decision]:
        """Return the newest decisions (of one model, of some, or of all), newest first."""
        return [entry.decision for entry in self.newest(models, limit)]

    def by_people(self, about: str | None = None, person: str | None = None, limit: int = 100) -> list[Entry]:
        """Return the newest entries that people made or approved, newest first; optionally of one model or person."""
        row = LedgerRow
        query = select(row).where(row.person.is_not(None) if person is None else row.person == person)
        if about is not None:
            query = query.where(row.subject == about)
        return self._all(query.order_by(row.at.desc(), row.number.desc()).limit(limit))

    def verify(self, model: str) -> tuple[str, ...]:
        """Return the defects of a model's ledger, one line each; an empty tuple if it is intact.

        Seals are computed from the stored JSON, not from parsed records, so that an unknown field changes the seal.
        The ledger itself cannot show that its newest entries were removed: compare the newest seal with a copy that
        is stored elsewhere.
        """
        query = select(LedgerRow).where(LedgerRow.subject == model).order_by(LedgerRow.number)
        with Session(self._engine) as session:
            rows = list(session.scalars(query))
        return (*_broken_seals(rows), *_broken_links(rows))

    def _all(self, query: Any) -> list[Entry]:
        with Session(self._engine) as session:
            return [_entry(row) for row in session.scalars(query)]

    def _first(self, query: Any) -> Entry | None:
        return next(iter(self._all(query.limit(1))), None)


def _of(model: str) -> Any:
    """Select a model's entries, newest first."""
    return select(LedgerRow).where(LedgerRow.subject == model).order_by(LedgerRow.number.desc())


def _broken_seals(rows: Sequence[LedgerRow]) -> Iterable[str]:
    for row in rows:
        columns = (row.key, row.state, row.id, row.evaluation, row.person)
        decision = row.record["decision"]
        assert isinstance(decision, dict)
        if seal_of(row.record) != row.seal:
            yield f"entry {row.number} of night {row.key} was changed after it was entered"
        elif (
            columns
            != (*(decision[name] for name in ("night", "kind", "id", "evaluation")), _person(decision))
            or row.record["number"] != row.number
        ):
            yield f"entry {row.number}: its columns differ from its record"


def _broken_links(rows: Sequence[LedgerRow]) -> Iterable[str]:
    if rows and (rows[0].number != 1 or rows[0].record["previous"] != ""):
        yield f"the ledger begins with entry {rows[0].number}: the entries before it are missing"
    for before, row in pairwise(rows):
        if row.number != before.number + 1:
            yield f"entries {before.number + 1} to {row.number - 1} are missing"
        elif row.record["previous"] != before.seal:
            yield f"entry {row.number} was not written after entry {before.number}"


def count_held_nights(newest_first: Iterable[Decision]) -> int:
    """Return in how many nights refreshes were held since the last decision that was not to hold."""
    lately = takewhile(lambda decision: decision.kind == "held", newest_first)
    return len({d.night for d in lately if d.challenger_recipe == d.champion_recipe})


def seal_of(content: dict[str, object]) -> str:
    """Return the SHA-256 of an entry's content as JSON with sorted keys and without spaces."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def sealed_row(decision: Decision, number: int, previous: str) -> LedgerRow:
    """Return the row of the entry that follows entry `number`, whose seal is `previous`."""
    entered = datetime.now(UTC)
    kept = decision.model_dump(mode="json")
    content: dict[str, object] = {
        "number": number + 1,
        "previous": previous,
        "entered": entered.isoformat(),
        "decision": kept,
    }
    return LedgerRow(
        id=decision.id,
        subject=decision.model,
        key=str(decision.night),
        state=decision.kind,
        at=entered,
        number=number + 1,
        seal=seal_of(content),
        evaluation=decision.evaluation,
        person=_person(kept),
        record=content,
    )


def _person(decision: dict[str, Any]) -> str | None:
    """Return the person who made or approved a stored decision, or None."""
    by = decision.get("approved_by") or decision.get("by")
    return None if by == MACHINE else by


def _entry(row: LedgerRow) -> Entry:
    return Entry.model_validate({**row.record, "seal": row.seal})


def _named(version: int | None) -> str:
    return "no version" if version is None else f"version {version}"
