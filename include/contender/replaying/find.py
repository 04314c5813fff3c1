"""Find an entry of the ledger, and the contract and bounds that were in force when it was decided."""

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
    """The entry cannot be replayed; the message says why."""


class UnknownEntryError(ReplayError):
    """No entry matches, or more than one does; the message lists the entries."""


class InForce(NamedTuple):
    """The contract and other inputs of a decision; `notes` says what has changed since."""

    model: ModelSpec
    grounds: Grounds
    pins: tuple[Pin, ...]
    notes: tuple[str, ...]


def find_entry(book: Book, wanted: str, number: int | None = None) -> Entry:
    """Return an entry by its decision's id or the start of it, or by model and number.

    Raises UnknownEntryError, listing the entries, if none or several match, and ReplayError if the ledger is empty.
    """
    models = book.ledger.models()
    if not models:
        raise ReplayError(
            f"the ledger has no entries yet: run {dag_id('retrain', '<model>')} to make the first"
        )
    head = book.ledger.head(wanted)
    if number is not None:
        if head is None:
            raise UnknownEntryError(f"there is no ledger of {wanted!r}: choose one of {', '.join(models)}")
        if (entry := book.ledger.entry(wanted, number)) is None:
            raise UnknownEntryError(f"{wanted} has no entry {number}: choose one of 1 to {head.number}")
        return entry
    if head is not None:
        listed = _listed(book.ledger.newest(wanted, SHOWN), head.number)
        raise UnknownEntryError(f"the entry of {wanted} is missing: give its number or id:\n{listed}")
    found = book.ledger.starting_with(wanted) if wanted else []
    if len(found) > 1:
        raise UnknownEntryError(
            f"{wanted!r} matches {len(found)} ids: give more characters:\n{_listed(found, len(found))}"
        )
    if not found:
        listed = _listed(book.ledger.newest(limit=SHOWN), book.ledger.count())
        raise UnknownEntryError(f"no decision has the id {wanted!r}: choose one of:\n{listed}")
    return found[0]


def find_in_force(book: Book, catalog: Catalog, entry: Entry, evaluation: Evaluation) -> InForce:
    """Return the contract, standing and bounds of the night; today's, with a note, if they were not recorded."""
    decision = entry.decision
    pins = decision.pins or evaluation.challenger.pins
    today = catalog.models.get(decision.model)
    grounds = decision.grounds or _rebuild_grounds(book, entry, evaluation, today)
    text = None if grounds.contract is None else book.documents.text(grounds.contract)
    notes = []
    if text is None:
        if today is None:
            raise ReplayError(
                f"{decision.model} is no longer in the catalog, and the book does not contain its contract"
            )
        notes.append("the book does not contain the contract of that night: replayed with today's")
        then = today
    else:
        then = _read_contract(text, decision)
    if today is not None:
        was = then.model_copy(update={"guards": then.guards}).model_dump(mode="json") | {
            "guards": grounds.guards
        }
        notes += [
            f"the contract has changed since: {difference} (replayed with the contract of that night)"
            for difference in changed_leaves(was, today.model_dump(mode="json"))[:SHOWN]
        ]
    return InForce(_with_bounds(then, grounds, decision), grounds, pins, tuple(notes))


def _read_contract(text: str, decision: Decision) -> ModelSpec:
    try:
        return ModelSpec.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise ReplayError(
            f"the contract of that night cannot be read by this version of Contender: {where}: {fault['msg']}: "
            f"replay with the version of that night, {decision.code_version}"
        ) from None


def _with_bounds(model: ModelSpec, grounds: Grounds, decision: Decision) -> ModelSpec:
    """Return the contract with the recorded bounds of the guards."""
    try:
        return model.model_copy(update={"guards": Guards.model_validate(grounds.guards)})
    except ValidationError as error:
        fault = error.errors()[0]
        raise ReplayError(
            f"guard {'.'.join(map(str, fault['loc']))} of that night is unknown to this version of Contender: "
            f"replay with the version of that night, {decision.code_version}"
        ) from None


def _rebuild_grounds(book: Book, entry: Entry, evaluation: Evaluation, today: ModelSpec | None) -> Grounds:
    """Rebuild the inputs of a decision that did not record them, from the entries before it and today's contract."""
    last = book.ledger.last_of(entry.decision.model, DECISIVE, before=entry.number)
    champion = entry.decision.champion_before
    standing = None if last is None or champion is None else standing_after(last.decision, champion)
    if standing is not None:
        rules = [found.rule for found in entry.decision.evidence if found.question == "race"]
        standing = standing.model_copy(update={"rule": min(rules, default=standing.rule)})
    return Grounds(
        evaluations=(evaluation.id,),
        standing=standing,
        guards={} if today is None else today.guards.model_dump(mode="json"),
        contract=evaluation.contract,
    )


def _listed(newest: Sequence[Entry], total: int) -> str:
    lines = [
        f"  {e.decision.id}  {e.decision.model} {e.number}: night {e.decision.night}, {e.decision.kind}"
        for e in newest[:SHOWN]
    ]
    if total > SHOWN:
        lines.append(f"  and {total - SHOWN} older ones: contender ledger MODEL --limit {total}")
    return "\n".join(lines)
