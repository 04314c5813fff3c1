"""What a person decides about a champion: back to the version before, one by its number, refreshes serving again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from contender.installation import Installation
from contender.promoting.promote import follow_ledger
from contender.promoting.standing import DECISIVE, standing_after
from contender.records import Decision, Entry, Standing, identify

Kind = Literal["rolled_back", "emergency", "resumed"]
_ALL = 1_000_000


class RollbackError(RuntimeError):
    """It cannot be done; the message says why, and what can."""


class Wish(NamedTuple):
    """What a person wants, who it is, and why; `version` is needed to put one in place, and else may be None."""

    what: Literal["roll back", "resume", "put in place"]
    by: str
    why: str
    version: int | None = None


def decide_by_hand(installation: Installation, model: str, wish: Wish) -> Entry:
    """Enter what a person decides into a model's ledger; the alias follows.

    Raises RollbackError when it cannot be done, UnknownVersion when the registry has none of that number, and
    StaleDecision when another decision came first.
    """
    book, registry = installation.book, installation.registry
    entries = book.ledger.history(model)
    if wish.what == "roll back":
        decision = plan_rollback(entries, wish.by, wish.why, wish.version)
    elif wish.what == "resume":
        decision = plan_resumption(entries, wish.by, wish.why)
    elif wish.version is None:
        raise RollbackError(f"{model}: which version? Give the number of one in the registry")
    else:
        recipe = registry.version(model, wish.version).recipe_fingerprint
        decision = plan_emergency(entries, wish.version, recipe, wish.by, wish.why)
    try:
        return book.ledger.enter(decision)
    finally:
        follow_ledger(model, book, registry)


def plan_rollback(entries: Sequence[Entry], by: str, why: str, to: int | None = None) -> Decision:
    """Let the version before serve again, or the version `to`, which served once. `entries` newest first, all of them.

    The version before is the one whose place the champion took when it first came to serve; so one roll-back
    after another goes further back. Raises RollbackError when there is none.
    """
    newest, serving = _newest(entries)
    decisions = [entry.decision for entry in entries]
    served = {d.champion_after for d in decisions if d.champion_after is not None}
    before = _taken_over_from(decisions, serving) if to is None else to
    if before is None:
        raise RollbackError(
            f"{newest.decision.model}: version {serving} is the first that served: there is none before it"
        )
    if before not in served or before == serving:
        others = ", ".join(map(str, sorted(served - {serving}))) or "none"
        raise RollbackError(
            f"{newest.decision.model}: version {before} {'serves now' if before == serving else 'never served'}: "
            f"choose among {others}"
        )
    recipes = (_recipe_of(decisions, serving), _recipe_of(decisions, before))
    return _by_hand("rolled_back", newest, before, recipes, by, why)


def plan_emergency(entries: Sequence[Entry], version: int, recipe: str, by: str, why: str) -> Decision:
    """Let any version of the registry serve, whatever guards and race say of it. Raises RollbackError if it does."""
    newest, serving = _newest(entries)
    if version == serving:
        raise RollbackError(f"{newest.decision.model}: version {version} serves already")
    recipes = (_recipe_of([entry.decision for entry in entries], serving), recipe)
    return _by_hand("emergency", newest, version, recipes, by, why)


def plan_resumption(entries: Sequence[Entry], by: str, why: str) -> Decision:
    """Let refreshes serve again as they used to. Raises RollbackError when nothing keeps them from it."""
    newest, serving = _newest(entries)
    standing = _standing(entries, serving)
    if standing is None or standing.suspended is None:
        raise RollbackError(f"{newest.decision.model}: refreshes serve as ever, there is nothing to resume")
    recipe = _recipe_of([entry.decision for entry in entries], serving)
    return _by_hand("resumed", newest, serving, (recipe, recipe), by, why)


def _newest(entries: Sequence[Entry]) -> tuple[Entry, int]:
    serving = entries[0].decision.champion_after if entries else None
    if serving is None:
        raise RollbackError("no version serves yet: there is nothing to go back from")
    return entries[0], serving


def _standing(entries: Sequence[Entry], serving: int) -> Standing | None:
    last = next((entry.decision for entry in entries if entry.decision.kind in DECISIVE), None)
    return None if last is None else standing_after(last, serving)


def _taken_over_from(decisions: Sequence[Decision], serving: int) -> int | None:
    for decision in decisions:
        if decision.promoted and decision.champion_after == serving:
            return decision.champion_before
    return None


def _recipe_of(decisions: Sequence[Decision], version: int) -> str | None:
    return next(
        (d.challenger_recipe for d in decisions if d.challenger == version and d.challenger_recipe), None
    )


def _by_hand(
    kind: Kind, newest: Entry, version: int, recipes: tuple[str | None, str | None], by: str, why: str
) -> Decision:
    last = newest.decision
    return Decision(
        # Named by what it follows: the same wish at once from two sides is one decision.
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
