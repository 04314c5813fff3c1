"""Reads what a card is made from out of the book."""

from __future__ import annotations

from pydantic import ValidationError

from contender.cards.card import CardError, ModelCard, make_card
from contender.installation import Installation
from contender.records import Book, Entry, Evaluation
from contender.specs import ModelSpec, dag_id


def read_card(installation: Installation, model: str, version: int | None = None) -> ModelCard:
    """The card of a version; of the one that serves, if None. The book alone is read, and nothing changed.

    Raises CardError when it was never judged, and CatalogError for an unknown model.
    """
    book = installation.book
    spec = installation.catalog.model(model)
    entries = book.ledger.history(model)
    serving = entries[0].decision.champion_after if entries else None
    wanted = serving if version is None else version
    if wanted is None:
        raise CardError(f"no version of {model} serves yet: {_versions(book, model)}")
    evaluation = _judged(book, model, wanted, entries)
    caveats = book.caveats.of_version(model, wanted)
    return make_card(spec, _contract_then(book, spec, evaluation), evaluation, entries, caveats, serving)


def _judged(book: Book, model: str, version: int, entries: list[Entry]) -> Evaluation:
    """The evaluation of a version: the newest that was decided on, else the newest."""
    for entry in entries:
        decision = entry.decision
        if decision.challenger == version and decision.evaluation:
            found = book.evaluations.get(decision.evaluation)
            if found is not None:
                return found
    evaluation = book.evaluations.of_version(model, version)
    if evaluation is None:
        raise CardError(
            f"{model}: version {version} was never judged, so nothing is known of it: {_versions(book, model)}"
        )
    return evaluation


def _versions(book: Book, model: str) -> str:
    versions = book.evaluations.versions(model)
    if not versions:
        return f"run {dag_id('retrain', model)} once"
    shown = ", ".join(map(str, versions[-10:]))
    return f"judged were {shown}{', and older ones' if len(versions) > 10 else ''}"


def _contract_then(book: Book, spec: ModelSpec, evaluation: Evaluation) -> ModelSpec:
    """The contract that it was judged by; today's, where the book did not keep one, or one of another Contender."""
    text = None if evaluation.contract is None else book.documents.text(evaluation.contract)
    if text is None:
        return spec
    try:
        return ModelSpec.model_validate_json(text)
    except ValidationError:
        return spec
