"""Read the records of a version's card from the book of record."""

from __future__ import annotations

from pydantic import ValidationError

from contender.cards.card import CardError, ModelCard, make_card
from contender.installation import Installation
from contender.records import Book, Entry, Evaluation
from contender.specs import ModelSpec, dag_id


def read_card(installation: Installation, model: str, version: int | None = None) -> ModelCard:
    """Return the card of a version, by default of the champion. Reads only the book of record.

    Raises CardError for a version that was never evaluated, and CatalogError for an unknown model.
    """
    book = installation.book
    spec = installation.catalog.model(model)
    entries = book.ledger.history(model)
    serving = entries[0].decision.champion_after if entries else None
    wanted = serving if version is None else version
    if wanted is None:
        raise CardError(f"no version of {model} is serving yet: {_versions(book, model)}")
    evaluation = _find_evaluation(book, model, wanted, entries)
    caveats = book.caveats.of_version(model, wanted)
    return make_card(spec, _past_spec(book, spec, evaluation), evaluation, entries, caveats, serving)


def _find_evaluation(book: Book, model: str, version: int, entries: list[Entry]) -> Evaluation:
    """The evaluation that the newest decision about a version used; without a decision, the newest evaluation."""
    for entry in entries:
        decision = entry.decision
        if decision.challenger == version and decision.evaluation:
            found = book.evaluations.get(decision.evaluation)
            if found is not None:
                return found
    evaluation = book.evaluations.of_version(model, version)
    if evaluation is None:
        raise CardError(
            f"{model}: version {version} was never evaluated, so it has no card: {_versions(book, model)}"
        )
    return evaluation


def _versions(book: Book, model: str) -> str:
    versions = book.evaluations.versions(model)
    if not versions:
        return f"run the DAG {dag_id('retrain', model)} first"
    shown = ", ".join(map(str, versions[-10:]))
    return f"choose one of {shown}{' or an older version' if len(versions) > 10 else ''}"


def _past_spec(book: Book, spec: ModelSpec, evaluation: Evaluation) -> ModelSpec:
    """The contract at the time of the evaluation; today's if none was stored, or if this release cannot read it."""
    text = None if evaluation.contract is None else book.documents.text(evaluation.contract)
    if text is None:
        return spec
    try:
        return ModelSpec.model_validate_json(text)
    except ValidationError:
        return spec
