"""Replay an entry of the ledger. Lake, registry and book are only read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contender.evaluating import fingerprint_criteria
from contender.installation import Installation
from contender.promoting import fingerprint_pairs
from contender.records import (
    Book,
    Decision,
    Entry,
    Evaluation,
    Evidence,
    PairedDay,
    Pin,
    Standing,
    TrainedVersion,
)
from contender.registry import Registry, UnknownVersion
from contender.replaying.compare import (
    Part,
    Replayed,
    compare,
    compare_decisions,
    compare_evaluations,
    compare_evidence,
    leave_out_unrecorded,
    take_answer,
)
from contender.replaying.find import SHOWN, InForce, ReplayError, find_in_force
from contender.replaying.refit import Report, check_pins, refit
from contender.replaying.sources import find_sources
from contender.retraining import compute_night_evidence, decide
from contender.specs import ModelSpec, Recipe
from contender.training import code_version, environment, packages

_PINNED = ("pins", "seed", "code_version", "environment")


@dataclass(frozen=True)
class RecordedRace:
    """The `RaceStores` of a replay: the inputs of a recorded decision."""

    model: ModelSpec
    decision: Decision
    recorded: Standing | None
    champion: TrainedVersion | None
    book: Book

    def standing(self) -> Standing | None:
        """Return the recorded standing."""
        return None if self.champion is None else self.recorded

    def version(self, number: int) -> TrainedVersion:
        """Return the evaluated champion."""
        assert self.champion is not None
        assert self.champion.version == number
        return self.champion

    def pairs(self, since: date) -> Sequence[PairedDay]:
        """Return the paired days from which the decision's evidence was computed, and the entries of other rivals."""
        found = self.decision.evidence
        pairs = {pair.id: pair for one in found for pair in _find_pairs(one, self.decision, self.book)}
        begun = {(one.question, one.rival, one.incumbent): one.since for one in found}
        for pair in self.book.pairs.since(self.decision.model, "race", since):
            computed_from = begun.get((pair.question, pair.rival, pair.incumbent))
            if pair.at <= self.decision.at and (computed_from is None or pair.day < computed_from):
                pairs[pair.id] = pair
        return sorted((pair for pair in pairs.values() if pair.day >= since), key=lambda pair: pair.day)


def replay(installation: Installation, entry: Entry, report: Report = lambda _: None) -> Replayed:
    """Fit, evaluate and decide again, and compare every part with the record. `report` is called before each step.

    A decision without an evaluation (a person's, or to serve the version from before a break) has nothing to fit: its
    facts are compared with the ledger and the registry. Raises ReplayError
    if something that is needed no longer exists.
    """
    decision, book = entry.decision, installation.book
    sealed = _check_seal(entry, book)
    if decision.evaluation is None:
        return _summarize(entry, [sealed, *_check_facts(entry, installation.registry, book)], ())
    evaluation = _judged(decision.evaluation, book)
    force = find_in_force(book, installation.catalog, entry, evaluation)
    version = evaluation.challenger
    recipe = _recipe(force.model, version)
    parts = [sealed, *_check_record(decision, version, installation.registry)]
    check_pins(installation.lake, version, force.pins)
    with find_sources(installation.catalog.home, force.model, recipe, evaluation) as sources:
        fingerprint = version.recipe_fingerprint if sources.own else "fitted from other sources"
        parts.append(compare("recipe", version.recipe_fingerprint, fingerprint, recipe.name))
        if evaluation.criteria is not None:
            judged_by = fingerprint_criteria(force.model, sources.criteria)
            parts.append(
                compare("criteria", evaluation.criteria, judged_by, "loss, tests, slices and bounds")
            )
        found, again = refit(installation, force, sources, evaluation, report)
        again = leave_out_unrecorded(evaluation, again)
    report("deciding again")
    evidence, decided = _decide_again(force, decision, again, book)
    parts += [*found, *compare_evaluations(evaluation, again), *compare_evidence(decision.evidence, evidence)]
    parts += compare_decisions(decision, decided)
    return _summarize(entry, parts, (*sources.notes, *force.notes, *_surroundings(version, book)))


def _decide_again(
    force: InForce, decision: Decision, again: Evaluation, book: Book
) -> tuple[tuple[Evidence, ...], Decision | None]:
    """Return the replayed evidence and decision about the version; None if the steps make no decision about it."""
    night = [again if name == again.id else _judged(name, book) for name in force.grounds.evaluations]
    stores = RecordedRace(force.model, decision, force.grounds.standing, night[0].champion, book)
    evidence = compute_night_evidence(stores, [evaluation.challenger for evaluation in night])
    decided = decide(stores, night, evidence)
    ours = next((d for d in decided if d.challenger == decision.challenger), None)
    return evidence, None if ours is None else take_answer(decision, ours)


def _check_seal(entry: Entry, book: Book) -> Part:
    wrong = book.ledger.verify(entry.decision.model)
    return compare(
        "ledger", [], list(wrong), f"seal {entry.seal[:8]} and the entries before and after it verify"
    )


def _check_facts(entry: Entry, registry: Registry, book: Book) -> list[Part]:
    """Compare the facts of a manual decision, and check that its version exists."""
    decision = entry.decision
    before = book.ledger.entry(decision.model, entry.number - 1)
    served = decision.champion_before if before is None else before.decision.champion_after
    _version(decision, decision.challenger, registry)
    return [
        Part(
            name="person",
            detail=f"{decision.by} decided, nothing to fit again; {decision.kind}: {decision.why}",
        ),
        compare("champion before", decision.champion_before, served, f"version {decision.champion_before}"),
        compare(
            "champion after", decision.champion_after, decision.challenger, f"version {decision.challenger}"
        ),
    ]


def _check_record(decision: Decision, version: TrainedVersion, registry: Registry) -> list[Part]:
    """Check that the pins in the entry, in the evaluation and in the registry are the same."""
    kept = {name: value for name in _PINNED if (value := _json(decision)[name]) not in (None, [])}
    registered = _version(decision, version.version, registry)
    # The evaluation of a version that was reused carries the night that reused it.
    night = {"night": str(version.night)}
    return [
        compare("pins", kept, {name: _json(version)[name] for name in kept}, _pinned(decision.pins)),
        compare("version", _json(version), _json(registered) | night, f"version {version.version}"),
    ]


def _find_pairs(found: Evidence, decision: Decision, book: Book) -> list[PairedDay]:
    """Return the paired days of an evidence: those of the book up to its newest day, if their fingerprint matches.

    Otherwise days were paired later, and those paired after the decision are left out.
    """
    own = [
        pair
        for pair in book.pairs.since(decision.model, found.question, found.since)
        if pair.rival == found.rival
        and found.incumbent in (None, pair.incumbent)
        and (found.until is None or pair.day <= found.until)
    ]
    if fingerprint_pairs(own) == found.pairs:
        return own
    return [pair for pair in own if pair.at <= decision.at]


def _surroundings(version: TrainedVersion, book: Book) -> tuple[str, ...]:
    notes = []
    if version.code_version != code_version():
        notes.append(
            f"code: version {version.version} was fitted with {version.code_version}, this is {code_version()}"
        )
    if version.environment != environment():
        notes.append(f"environment: {_packages_changed(version.environment, book)}")
    return tuple(notes)


def _packages_changed(then: str, book: Book) -> str:
    kept = book.documents.text(then)
    if kept is None:
        return f"was {then}, is {environment()}; the book does not contain the packages of {then}"
    was, now = (dict(line.split("==", 1) for line in text.splitlines()) for text in (kept, packages()))
    changed = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
    shown = [f"{name} {was.get(name, 'missing')} -> {now.get(name, 'missing')}" for name in changed[:SHOWN]]
    more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
    return f"{len(changed)} packages differ: {', '.join(shown)}{more}"


def _judged(evaluation: str | None, book: Book) -> Evaluation:
    found = None if evaluation is None else book.evaluations.get(evaluation)
    if found is None:
        raise ReplayError(
            f"evaluation {evaluation} is missing from the book: the decision cannot be replayed"
        )
    return found


def _recipe(model: ModelSpec, version: TrainedVersion) -> Recipe:
    try:
        return model.recipe(version.recipe)
    except KeyError as error:
        raise ReplayError(str(error.args[0])) from None


def _version(decision: Decision, number: int, registry: Registry) -> TrainedVersion:
    try:
        return registry.version(decision.model, number)
    except UnknownVersion as error:
        raise ReplayError(f"{error}: it was deleted from the registry") from None


def _pinned(pins: Sequence[Pin]) -> str:
    return ", ".join(f"{pin.table} {pin.snapshot}" for pin in pins)


def _summarize(entry: Entry, parts: Sequence[Part], notes: Sequence[str]) -> Replayed:
    decision = entry.decision
    return Replayed(
        model=decision.model,
        entry=entry.number,
        decision=decision.id,
        night=decision.night,
        summary=decision.summary()[0],
        parts=tuple(parts),
        notes=tuple(notes),
    )


def _json(record: Decision | TrainedVersion) -> dict[str, Any]:
    return record.model_dump(mode="json")
