"""What a serving process does about a ledger's newest entry, and whether a version may serve. Pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from contender.specs.frozen import Frozen

Step = Literal["keep", "load", "wait"]
Source = Literal["predictions", "shadow predictions", "evaluation", "newest features"]

# Another processor may round the last digits of a sum differently.
_RELATIVE, _ABSOLUTE = 1e-9, 1e-12
_LONGEST_WAIT = timedelta(seconds=30)


class Champion(Frozen):
    """The newest entry of a model's ledger, and the version that serves according to it."""

    entry: int
    version: int | None


class Attempt(Frozen):
    """The last failed attempt to load a version: refused for good, or failed because a store did not answer."""

    champion: Champion
    refused: bool
    failures: int = 1
    reason: str
    at: datetime


class Checked(Frozen):
    """What a version's predictions were compared with, for how many rows, and why it must not serve, if so."""

    against: Source
    rows: int
    problem: str | None = None


def choose_step(champion: Champion, serving: int | None, last: Attempt | None, now: datetime) -> Step:
    """Return whether to load the ledger's champion beside the serving version.

    A refused version is tried again only after another entry. If a store did not answer, it is tried again after 1, 2,
    4, … up to 30 seconds; at once if the clock was set back since.
    """
    if champion.version is None or champion.version == serving:
        return "keep"
    if last is None or last.champion != champion:
        return "load"
    if last.refused:
        return "keep"
    wait = min(timedelta(seconds=2 ** min(last.failures - 1, 10)), _LONGEST_WAIT)
    return "wait" if last.at <= now < last.at + wait else "load"


def note_failure(
    champion: Champion, last: Attempt | None, reason: str, now: datetime, *, refused: bool
) -> Attempt:
    """Return the attempt after a failure: repeated failures of one entry are counted."""
    again = last is not None and last.champion == champion
    failures = last.failures + 1 if again and last is not None else 1
    return Attempt(champion=champion, refused=refused, failures=failures, reason=reason, at=now)


def compare_predictions(
    against: Source, recorded: NDArray[np.float64], found: NDArray[np.float64]
) -> Checked:
    """Compare predictions of the same rows with those that were recorded."""
    differing = ~np.isclose(found, recorded, rtol=_RELATIVE, atol=_ABSOLUTE, equal_nan=True)
    wrong = int(np.count_nonzero(differing.reshape(len(recorded), -1).any(axis=1))) if len(recorded) else 0
    problem = None
    if wrong:
        largest = float(np.nanmax(np.abs(found - recorded))) if np.isfinite(found).any() else float("nan")
        problem = f"{wrong} of {len(recorded)} predictions differ from the recorded {against}, by up to {largest:.3g}"
    return Checked(against=against, rows=len(recorded), problem=problem)


def check_finite(found: NDArray[np.float64]) -> Checked:
    """Check the predictions of rows for which none were recorded: they must be finite."""
    wrong = (
        int(np.count_nonzero(~np.isfinite(found.reshape(len(found), -1)).all(axis=1))) if len(found) else 0
    )
    problem = f"{wrong} of {len(found)} predictions of the newest features are not finite" if wrong else None
    return Checked(against="newest features", rows=len(found), problem=problem)


def check_loss(rows: int, recorded: float, found: float) -> Checked:
    """Compare the loss on the evaluated days with the one that was recorded."""
    same = np.isclose(found, recorded, rtol=_RELATIVE, atol=_ABSOLUTE)
    problem = (
        None if same else f"its loss on the evaluated days is {found:.6g}, but {recorded:.6g} was recorded"
    )
    return Checked(against="evaluation", rows=rows, problem=problem)
