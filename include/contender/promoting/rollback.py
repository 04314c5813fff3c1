"""Decisions of people: roll back to an earlier version, promote any version, or resume refreshes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from contender.errors import PermanentError
from contender.installation import Installation
from contender.promoting.promote import follow_ledger
from contender.promoting.standing import DECISIVE, standing_after
from contender.records import Decision, Entry, Standing, identify

ManualKind = Literal["rolled_back", "emergency", "resumed"]


class RollbackError(PermanentError):
    """The decision cannot be made; the message explains why, and lists the alternatives."""


class ManualDecision(NamedTuple):
    """A person's decision, and the reason for it. `version` is required for `emergency`, optional for `rolled_back`."""

    kind: ManualKind
    by: str
    why: str
    version: int | None = None


def decide_by_hand(installation: Installation, model: str, manual: ManualDecision) -> Entry:
    """Enter a person's decision into a model's ledger, and update the alias.

    Raises RollbackError if it is not possible, UnknownVersion if the registry does not have the version, and
    StaleDecision if another decision was entered first.
    """
    book, registry = installation.book, installation.registry
    entries = book.ledger.history(model)
    if manual.kind == "rolled_back":
        decision = plan_rollback(entries, manual.by, manual.why, manual.version)
    elif manual.kind == "resumed":
        decision = plan_resumption(entries, manual.by, manual.why)
    elif manual.version is None:
        raise RollbackError(f"{model}: the version is missing: give the number of a version in the registry")
    else:
        recipe = registry.version(model, manual.version).recipe_fingerprint
        decision = plan_emergency(entries, manual.version, recipe, manual.by, manual.why)
    try:
        return book.ledger.enter(decision)
    finally:
        follow_ledger(model, book, registry)


def plan_rollback(entries: Sequence[Entry], by: str, why: str, to: int | None = None) -> Decision:
    """Plan a roll-back to the previous champion, or to `to`, which must have served. `entries`: all, newest first.

    The previous champion is the one that the current champion replaced when it was first promoted, so repeated
    roll-backs go further back. Raises RollbackError if there is none.
    """
    newest, serving = _newest(entries)
    decisions = [entry.decision for entry in entries]
    served = {d.champion_after for d in decisions if d.champion_after is not None}
    before = _replaced_by(decisions, serving) if to is None else to
    if before is None:
        raise RollbackError(
            f"{newest.decision.model}: version {serving} is the first that served: there is no earlier version"
        )
    if before not in served or before == serving:
        others = ", ".join(map(str, sorted(served - {serving}))) or "none"
        raise RollbackError(
            f"{newest.decision.model}: version {before} {'is serving' if before == serving else 'never served'}: "
            f"choose one of: {others}"
        )
    recipes = (_recipe_of(decisions, serving), _recipe_of(decisions, before))
    return _by_hand("rolled_back", newest, before, recipes, by, why)


def plan_emergency(entries: Sequence[Entry], version: int, recipe: str, by: str, why: str) -> Decision:
    """Plan the promotion of any version, without guards or test. Raises RollbackError if it is already serving."""
    newest, serving = _newest(entries)
    if version == serving:
        raise RollbackError(f"{newest.decision.model}: version {version} is already serving")
    recipes = (_recipe_of([entry.decision for entry in entries], serving), recipe)
    return _by_hand("emergency", newest, version, recipes, by, why)


def plan_resumption(entries: Sequence[Entry], by: str, why: str) -> Decision:
    """Plan to let refreshes serve again. Raises RollbackError if they are not suspended."""
    newest, serving = _newest(entries)
    standing = _standing(entries, serving)
    if standing is None or standing.suspended is None:
        raise RollbackError(
            f"{newest.decision.model}: refreshes are not suspended: there is nothing to resume"
        )
    recipe = _recipe_of([entry.decision for entry in entries], serving)
    return _by_hand("resumed", newest, serving, (recipe, recipe), by, why)


def _newest(entries: Sequence[Entry]) -> tuple[Entry, int]:
    serving = entries[0].decision.champion_after if entries else None
    if serving is None:
        raise RollbackError("no version is serving yet: there is nothing to roll back")
    return entries[0], serving


def _standing(entries: Sequence[Entry], serving: int) -> Standing | None:
    last = next((entry.decision for entry in entries if entry.decision.kind in DECISIVE), None)
    return None if last is None else standing_after(last, serving)


def _replaced_by(decisions: Sequence[Decision], serving: int) -> int | None:
    for decision in decisions:
        if decision.promoted and decision.champion_after == serving:
            return decision.champion_before
    return None


def _recipe_of(decisions: Sequence[Decision], version: int) -> str | None:
    return next(
        (d.challenger_recipe for d in decisions if d.challenger == version and d.challenger_recipe), None
    )


def _by_hand(
    kind: ManualKind, newest: Entry, version: int, recipes: tuple[str | None, str | None], by: str, why: str
) -> Decision:
    last = newest.decision
    return Decision(
        # Derived from the previous entry: two identical concurrent decisions are one.
        id=identify(kind, last.model, newest.seal, version),
        model=last.model,
        night=last.night,
        kind=kind,
        evaluation=None,
        champion_before=last.champion_after,
        champion_after=version,
        challenger=version,
        champion_recipe=recipes[0],
        challenger_recipe=recipes[1],
        reasons=(),
        by=by,
        why=why,
    )
