"""Which night of a model is next."""

from __future__ import annotations

from datetime import date, timedelta

from contender.specs import Verb, dag_id
from contender.specs.frozen import Frozen


class Progress(Frozen):
    """The newest nights of which a model's outputs exist; None if there are none."""

    delivered: date | None = None
    built: date | None = None
    trained: date | None = None
    scored: date | None = None


def find_next_night(progress: Progress, nightly_from: date | None) -> date | None:
    """Return the first night after the newest one that was scored or trained; None if nothing is loaded.

    Before the first of them, it is the newest night with features, or else the newest with all daily inputs. Nights
    before `nightly_from` are not started by schedule, and are therefore never next.
    """
    done = max(filter(None, (progress.scored, progress.trained)), default=None)
    found = progress.built or progress.delivered if done is None else done + timedelta(days=1)
    return max(filter(None, (found, nightly_from)), default=None)


def explain_other_night(asked: date, following: date | None) -> str | None:
    """Return a note on a night that is not the next one; None for the next one."""
    if following is None or asked == following:
        return None
    if asked < following:
        return (
            f"night {asked} is over; the next one is {following}. A run of it would repeat these steps: equal rows "
            "change nothing, and a version with the same training data is reused"
        )
    before = (
        following if asked - following == timedelta(days=1) else f"{following}..{asked - timedelta(days=1)}"
    )
    return f"night {asked} is not the next one: {before} comes first, and rows are counted without it"


def note_unfinished(model: str, progress: Progress) -> str | None:
    """Return a note if the newest night was scored and not trained, or the reverse."""
    scored, trained = progress.scored, progress.trained
    if scored is None or trained is None or scored == trained:
        return None
    verb: Verb
    verb, night = ("retrain", scored) if scored > trained else ("score", trained)
    return f"night {night} has no output of {dag_id(verb, model)}: it runs, or has failed"
