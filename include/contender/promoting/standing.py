"""A model's standing: its champion, when its sequential tests started, and whether refreshes may serve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain

from contender.promoting.race import RULE
from contender.records import CHAMPION, KEPT, STILL, Book, Decision, Standing, TrainedVersion, name_strategy
from contender.specs import ModelSpec

# The sequential tests restart after an entry of one of these kinds.
DECISIVE = ("first", "promoted", "rolled_back", "emergency", "resumed")


def read_standing(model: str, book: Book) -> Standing | None:
    """Read the standing from the ledger; None before the first promotion."""
    champion, decisive = book.ledger.champion(model), _decisive(model, book)
    last = next(decisive, None)
    if champion is None or last is None:
        return None
    return standing_after(
        last, champion, earlier_tests(chain((last,), decisive)), book.ledger.held_nights(model)
    )


def earlier_tests(decisive: Iterable[Decision]) -> tuple[date, ...]:
    """Return the nights in which earlier tests of the champion's recipe started, oldest first.

    `decisive` are the decisions of decisive entries, newest first; the current tests started with the first of them.
    """
    nights: list[date] = []
    for decision in decisive:
        nights.append(decision.night)
        if decision.kind == "first" or decision.champion_recipe != decision.challenger_recipe:
            break
    return tuple(reversed(nights[1:]))


def _decisive(model: str, book: Book) -> Iterator[Decision]:
    entry = book.ledger.last_of(model, DECISIVE)
    while entry is not None:
        yield entry.decision
        entry = book.ledger.last_of(model, DECISIVE, before=entry.number)


def standing_after(
    last: Decision, champion: int, earlier: tuple[date, ...] = (), held_nights: int = 0
) -> Standing:
    """Return the standing if `last` is the newest decisive entry, and `earlier` tests of the recipe had started before.

    `held_nights` is the number of nights in a row in which refreshes were held.

    After a roll-back within a recipe, its refreshes are suspended: like a rival, they must pass a sequential test
    against the champion, until a person resumes them. After a roll-back to another recipe, that recipe's refreshes
    serve as usual, and the recipe that was left is a rival again.
    """
    recipes = {last.champion_recipe, last.challenger_recipe} - {None}
    suspended = last.kind == "emergency" or (last.kind == "rolled_back" and len(recipes) < 2)
    return Standing(
        champion=champion,
        since=last.night,
        held_nights=held_nights,
        suspended=f"{last.by} chose version {last.challenger} after night {last.night}: {last.why}"
        if suspended
        else None,
        rule=RULE,
        earlier=earlier,
        recipe=last.challenger_recipe,
    )


def incumbent_stream(standing: Standing, champion: TrainedVersion, tonight: Sequence[TrainedVersion]) -> str:
    """Return the stream that rivals are compared with: the champion's recipe if it is refreshed, else the champion.

    In a break, it is the recipe that was refreshed before.
    """
    recipe = standing.recipe if standing.recipe and champion.strategy else champion.recipe_fingerprint
    refreshed = any(version.recipe_fingerprint == recipe for version in tonight)
    return recipe if refreshed and standing.suspended is None else CHAMPION


def shadow_streams(
    standing: Standing | None, tonight: Sequence[TrainedVersion], kept_still: int | None
) -> Mapping[str, int]:
    """Return the versions of shadow scoring, by stream: a recipe's fingerprint, or one of the names in `streams.py`.

    `kept_still` is the version that served some weeks ago, for the test against refreshing.
    """
    streams = {
        name_strategy(version.recipe) if version.strategy else version.recipe_fingerprint: version.version
        for version in tonight
    }
    if standing is not None:
        streams[CHAMPION] = standing.champion
        streams |= {} if standing.kept is None else {KEPT: standing.kept}
    if kept_still is not None:
        streams[STILL] = kept_still
    return streams


def still_since(model: ModelSpec, standing: Standing | None, night: date) -> date | None:
    """Return the night whose champion is compared with the refreshes since then.

    None if the current tests are younger than `still_days`, and while refreshes are suspended.
    """
    then = night - timedelta(days=model.race.still_days)
    if standing is None or standing.suspended is not None or then < standing.since:
        return None
    return then
