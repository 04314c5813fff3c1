"""How a model stands by its ledger: since when the race runs, and whether its refreshes may serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from contender.records import Book, Decision, Standing, TrainedVersion
from contender.specs import ModelSpec

# After one of these the races begin anew.
DECISIVE = ("first", "promoted", "rolled_back", "emergency", "resumed")


def read_standing(model: str, book: Book) -> Standing | None:
    """Read the standing off the ledger; None before the first promotion."""
    champion = book.ledger.champion(model)
    decisive = book.ledger.last_of(model, DECISIVE)
    return None if champion is None or decisive is None else standing_after(decisive.decision, champion)


def standing_after(last: Decision, champion: int) -> Standing:
    """The standing when `last` is the newest decisive entry.

    After a roll-back within a recipe its refreshes are suspended: they have to win against the version that was
    rolled back to, as any rival, until a person says that they may serve again. After a roll-back from one recipe
    to another, the other's refreshes serve as ever, and the one that was left races anew.
    """
    recipes = {last.champion_recipe, last.challenger_recipe} - {None}
    stopped = last.kind == "emergency" or (last.kind == "rolled_back" and len(recipes) < 2)
    return Standing(
        champion=champion,
        since=last.night,
        suspended=f"{last.by} chose version {last.challenger} after night {last.night}: {last.why}"
        if stopped
        else None,
    )


def incumbent_stream(standing: Standing, champion: TrainedVersion, tonight: Sequence[TrainedVersion]) -> str:
    """The stream that stands in the champion's place: its recipe's refreshes, or itself when there are none."""
    refreshed = any(version.recipe_fingerprint == champion.recipe_fingerprint for version in tonight)
    return champion.recipe_fingerprint if refreshed and standing.suspended is None else "champion"


def shadow_streams(
    standing: Standing | None, tonight: Sequence[TrainedVersion], kept_still: int | None
) -> Mapping[str, int]:
    """Return which versions score in the shadow of a night, by stream: a recipe's fingerprint, `champion` or `still`.

    `kept_still` is the version that served some weeks ago, if it is asked whether that one would do better.
    """
    streams = {version.recipe_fingerprint: version.version for version in tonight}
    if standing is not None:
        streams["champion"] = standing.champion
    if kept_still is not None:
        streams["still"] = kept_still
    return streams


def still_since(model: ModelSpec, standing: Standing | None, night: date) -> date | None:
    """Return the night whose champion a night keeps still, to be compared with all refreshes since.

    None before a champion has served for `still_days`, and while refreshes are suspended.
    """
    then = night - timedelta(days=model.race.still_days)
    if standing is None or standing.suspended is not None or then < standing.since:
        return None
    return then
