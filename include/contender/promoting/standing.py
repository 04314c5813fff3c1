"""How a model stands by its ledger: since when the race runs, and whether its refreshes may serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    model: ModelSpec,
    standing: Standing | None,
    night: date,
    tonight: Sequence[TrainedVersion],
    served_then: int | None,
) -> Mapping[str, int]:
    """Which versions score in the shadow of a night, by stream: a recipe's fingerprint, `champion` or `still`.

    `served_then` is the version that served in `still_night`, if any did.
    """
    streams = {version.recipe_fingerprint: version.version for version in tonight}
    if standing is None:
        return streams
    streams["champion"] = standing.champion
    if standing.suspended is None and still_night(model, night) >= standing.since and served_then is not None:
        streams["still"] = served_then
    return streams


def served_on(decisions: Iterable[Decision], night: date) -> int | None:
    """Return who served after the last decision until a night, of decisions newest first, as the ledger does."""
    return next((decision.champion_after for decision in decisions if decision.night <= night), None)


def still_night(model: ModelSpec, night: date) -> date:
    """Return the night whose champion scores in the shadow as if it had been kept."""
    return night - timedelta(days=model.race.still_days)
