"""Finds the entry of the ledger that is meant, and what was in force when it was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError

from contender.promoting import DECISIVE, standing_after
from contender.records import Book, Decision, Entry, Evaluation, Grounds
from contender.replaying.compare import changed_leaves
from contender.specs import Catalog, ModelSpec

ALL = 1_000_000
SHOWN = 10


class ReplayError(RuntimeError):
    """It cannot be replayed; the message says why."""


class UnknownEntryError(ReplayError):
    """No entry of the ledger, or more than one, is meant; the message lists what there is."""


class InForce(NamedTuple):
    """The contract that a decision was made by, the other grounds of it, and what is otherwise today."""

    model: ModelSpec
    grounds: Grounds
    notes: tuple[str, ...]


def find_entry(book: Book, wanted: str, number: int | None = None) -> Entry:
    """The entry that is meant: by the decision's id or the beginning of it, or by model and number.

    Raises UnknownEntryError, listing what there is, when none or several are meant; ReplayError for an empty ledger.
    """
    entries = book.ledger.newest(limit=ALL)
    if not entries:
        raise ReplayError("nothing was decided yet: retrain__<model> makes the first entry")
    of_model = [entry for entry in entries if entry.decision.model == wanted]
    if number is not None:
        found = [entry for entry in of_model if entry.number == number]
        if not of_model:
            models = ", ".join(sorted({entry.decision.model for entry in entries}))
            raise UnknownEntryError(f"there is no ledger of {wanted!r}: there are those of {models}")
        if not found:
            raise UnknownEntryError(
                f"{wanted} has entries {of_model[-1].number} to {of_model[0].number}, not {number}"
            )
        return found[0]
    if of_model:
        raise UnknownEntryError(f"which decision about {wanted}? Give its number or id:\n{_listed(of_model)}")
    found = [entry for entry in entries if wanted and entry.decision.id.startswith(wanted)]
    if len(found) > 1:
        raise UnknownEntryError(f"{wanted!r} begins {len(found)} ids; give more of it:\n{_listed(found)}")
    if not found:
        raise UnknownEntryError(f"no decision has the id {wanted!r}; there are:\n{_listed(entries)}")
    return found[0]


def find_in_force(book: Book, catalog: Catalog, entry: Entry, evaluation: Evaluation) -> InForce:
    """The contract, standing and guards of the night. Where the ledger kept none of it, today's, and a note of that."""
    decision = entry.decision
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
    return InForce(then, grounds, tuple(notes))


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


def _ground_again(book: Book, entry: Entry, evaluation: Evaluation, today: ModelSpec | None) -> Grounds:
    """What can still be told of the grounds of a decision that did not keep them: from the entries before it."""
    before = [e.decision for e in book.ledger.newest(entry.decision.model, ALL) if e.number < entry.number]
    last = next((decision for decision in before if decision.kind in DECISIVE), None)
    champion = entry.decision.champion_before
    return Grounds(
        evaluations=(evaluation.id,),
        standing=None if last is None or champion is None else standing_after(last, champion),
        guards={} if today is None else today.guards.model_dump(mode="json"),
        contract=evaluation.contract,
    )


def _listed(entries: Sequence[Entry]) -> str:
    lines = [
        f"  {e.decision.id}  {e.decision.model} {e.number}: night {e.decision.night}, {e.decision.kind}"
        for e in entries[:SHOWN]
    ]
    if len(entries) > SHOWN:
        lines.append(
            f"  and {len(entries) - SHOWN} before them: contender ledger MODEL --limit {len(entries)}"
        )
    return "\n".join(lines)
