"""Finds the entry of the ledger that is meant, and what was in force when it was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError

from contender.promoting import DECISIVE, standing_after
from contender.records import Book, Decision, Entry, Evaluation, Grounds, Pin
from contender.replaying.compare import changed_leaves
from contender.specs import Catalog, Guards, ModelSpec, dag_id

SHOWN = 10


class ReplayError(RuntimeError):
    """It cannot be replayed; the message says why."""


class UnknownEntryError(ReplayError):
    """No entry of the ledger, or more than one, is meant; the message lists what there is."""


class InForce(NamedTuple):
    """The contract that a decision was made by, the other grounds of it, and what is otherwise today."""

    model: ModelSpec
    grounds: Grounds
    pins: tuple[Pin, ...]
    notes: tuple[str, ...]


def find_entry(book: Book, wanted: str, number: int | None = None) -> Entry:
    """The entry that is meant: by the decision's id or the beginning of it, or by model and number.

    Raises UnknownEntryError, listing what there is, when none or several are meant; ReplayError for an empty ledger.
    """
    models = book.ledger.models()
    if not models:
        raise ReplayError(f"nothing was decided yet: {dag_id('retrain', '<model>')} makes the first entry")
    head = book.ledger.head(wanted)
    if number is not None:
        if head is None:
            raise UnknownEntryError(
                f"there is no ledger of {wanted!r}: there are those of {', '.join(models)}"
            )
        if (entry := book.ledger.entry(wanted, number)) is None:
            raise UnknownEntryError(f"{wanted} has entries 1 to {head.number}, not {number}")
        return entry
    if head is not None:
        listed = _listed(book.ledger.newest(wanted, SHOWN), head.number)
        raise UnknownEntryError(f"which decision about {wanted}? Give its number or id:\n{listed}")
    found = book.ledger.starting_with(wanted) if wanted else []
    if len(found) > 1:
        raise UnknownEntryError(
            f"{wanted!r} begins {len(found)} ids; give more of it:\n{_listed(found, len(found))}"
        )
    if not found:
        listed = _listed(book.ledger.newest(limit=SHOWN), book.ledger.count())
        raise UnknownEntryError(f"no decision has the id {wanted!r}; there are:\n{listed}")
    return found[0]


def find_in_force(book: Book, catalog: Catalog, entry: Entry, evaluation: Evaluation) -> InForce:
    """The contract, standing and guards of the night. Where the ledger kept none of it, today's, and a note of that."""
    decision = entry.decision
    pins = decision.pins or evaluation.challenger.pins
    today = catalog.models.get(decision.model)
    grounds = decision.grounds or _ground_again(book, entry, evaluation, today)
    text = None if grounds.contract is None else book.documents.text(grounds.contract)
    notes = []
    if text is None:
        if today is None:
            raise ReplayError(
                f"{decision.model} is no longer in the catalog, and the book did not keep its contract of then"
            )
        notes.append("the book did not keep the contract of then: replayed by today's")
        then = today
    else:
        then = _read_contract(text, decision)
    if today is not None:
        was = then.model_copy(update={"guards": then.guards}).model_dump(mode="json") | {
            "guards": grounds.guards
        }
        notes += [
            f"the contract has changed since: {difference} (replayed by what was in force)"
            for difference in changed_leaves(was, today.model_dump(mode="json"))[:SHOWN]
        ]
    return InForce(_guarded(then, grounds, decision), grounds, pins, tuple(notes))


def _read_contract(text: str, decision: Decision) -> ModelSpec:
    try:
        return ModelSpec.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise ReplayError(
            f"the contract of then does not fit this version of Contender: {where}: {fault['msg']}: "
            f"replay with the version of then, {decision.code_version}"
        ) from None


def _guarded(model: ModelSpec, grounds: Grounds, decision: Decision) -> ModelSpec:
    """Return the contract with the guards' bounds that were in force."""
    try:
        return model.model_copy(update={"guards": Guards.model_validate(grounds.guards)})
    except ValidationError as error:
        fault = error.errors()[0]
        raise ReplayError(
            f"guard {'.'.join(map(str, fault['loc']))} of then is not known to this version of Contender: "
            f"replay with the version of then, {decision.code_version}"
        ) from None


def _ground_again(book: Book, entry: Entry, evaluation: Evaluation, today: ModelSpec | None) -> Grounds:
    """What can still be told of the grounds of a decision that did not keep them: from the entries before it."""
    last = book.ledger.last_of(entry.decision.model, DECISIVE, before=entry.number)
    champion = entry.decision.champion_before
    return Grounds(
        evaluations=(evaluation.id,),
        standing=None if last is None or champion is None else standing_after(last.decision, champion),
        guards={} if today is None else today.guards.model_dump(mode="json"),
        contract=evaluation.contract,
    )


def _listed(newest: Sequence[Entry], total: int) -> str:
    lines = [
        f"  {e.decision.id}  {e.decision.model} {e.number}: night {e.decision.night}, {e.decision.kind}"
        for e in newest[:SHOWN]
    ]
    if total > SHOWN:
        lines.append(f"  and {total - SHOWN} before them: contender ledger MODEL --limit {total}")
    return "\n".join(lines)
