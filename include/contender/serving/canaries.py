"""Which version answers a request after a recipe was promoted, and when the new one returns. Pure functions.

A promoted recipe is a canary for its first day: it answers a share of the requests, chosen by a hash of their rows, and
the version before it the rest. If both versions are equally good, each distinct row that fails, or is slow, belongs to
the canary with the probability `share`, whatever the traffic is. The evidence against the canary is the mean, over all
higher probabilities p, of how much more likely p makes the observed rows than `share` does. Without a difference, it
ever exceeds `THRESHOLD` with a probability of at most 1 / THRESHOLD (Ville), so it may be looked at after each request.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Literal, NamedTuple

from scipy.special import betaincc, betaln

from contender.records import Entry
from contender.serving.deciding import Champion
from contender.specs.frozen import Frozen

Role = Literal["champion", "canary", "previous", "shadow"]

CANARY_TIME = timedelta(hours=24)
THRESHOLD = 1000.0  # of the evidence
# A request is slow if it takes longer than this quantile of the times of the version before; one of the canary, if it
# takes longer than so many times the quantile. The canary returns if slow requests are more frequent with it.
SLOWER, QUANTILE = 2.0, 0.95


class Change(NamedTuple):
    """A ledger entry that changed the champion, and what it does to a canary."""

    entry: int
    at: datetime
    effect: Literal["begins", "continues", "ends"]
    before: int | None
    after: int


class Canary(Frozen):
    """A version that was promoted, and the one that answers the rest of the requests."""

    entry: int
    version: int
    previous: int
    begun: int
    since: datetime

    @property
    def until(self) -> datetime:
        """The time from which it serves all requests."""
        return self.since + CANARY_TIME


class Roles(NamedTuple):
    """The version that answers most requests, as what, and the canary that answers the others, if there is one."""

    version: int
    role: Role
    canary: int | None = None


class Counts(NamedTuple):
    """Distinct rows of each version that failed, or were slow."""

    canary: int = 0
    previous: int = 0


class Breach(Frozen):
    """Why a canary returns."""

    of: Literal["errors", "time"]
    canary: int
    previous: int
    share: float

    @property
    def reason(self) -> str:
        """Describe it in words."""
        what = "failed" if self.of == "errors" else "were slow"
        return (
            f"{self.canary} distinct rows {what} with it and {self.previous} with the version before it, although it "
            f"answers a share of {self.share:g}"
        )


def read_change(entry: Entry) -> Change | None:
    """Return what an entry does to a canary; None if it keeps the champion.

    People and breaks choose a version that serves at once. A refresh is another version of the same recipe.
    """
    decided = entry.decision
    if decided.champion_after in (None, decided.champion_before):
        return None
    effect: Literal["begins", "continues", "ends"] = "ends"
    if decided.kind in ("promoted", "refreshed"):
        effect = "begins" if decided.changes_recipe else "continues"
    return Change(entry.number, entry.entered, effect, decided.champion_before, decided.champion_after)


def find_canary(changes: Iterable[Change], is_returned: Callable[[int], bool]) -> Canary | None:
    """Return the canary after the newest change; None if its version serves all requests.

    `changes` are newest first, and read only as far back as they matter. `is_returned` says whether the canary of an
    entry was returned. A refresh takes the place of its recipe's canary; after a return, it is one for a whole day.
    """
    chain: list[Change] = []
    anchor = datetime.max.replace(tzinfo=UTC)
    for change in changes:
        if change.effect == "ends" or change.before is None:
            break
        returned = is_returned(change.entry)
        if chain and not returned and change.at + CANARY_TIME <= anchor:
            break
        if (
            returned or not chain or change.effect == "begins"
        ):  # what it replaces depends on the changes before it
            anchor = change.at
        chain.append(change)
    canary: Canary | None = None
    for change in reversed(chain):
        canary = _follow_change(canary, change, is_returned)
    return canary


def _follow_change(
    before: Canary | None, change: Change, is_returned: Callable[[int], bool]
) -> Canary | None:
    assert change.before is not None
    returned = before is not None and is_returned(before.entry)
    if before is not None and not returned and change.at >= before.until:
        before = None  # it served all requests since
    previous = change.before if before is None else before.previous
    if change.after == previous or (change.effect == "continues" and before is None):
        return None
    if change.effect == "continues" and before is not None and not returned:
        return before.model_copy(update={"entry": change.entry, "version": change.after})
    return Canary(
        entry=change.entry, version=change.after, previous=previous, begun=change.entry, since=change.at
    )


def plan_roles(champion: Champion, canary: Canary | None, *, returned: bool) -> Roles | None:
    """Return the versions that answer; None without a champion."""
    if champion.version is None:
        return None
    if canary is None:
        return Roles(champion.version, "champion")
    return Roles(canary.previous, "previous", None if returned else canary.version)


def digest_row(model: str, canary: Canary, values: Sequence[object]) -> int:
    """Return a number of 64 bits for the values of a row: the same in all processes, another one for each canary."""
    text = json.dumps([model, canary.begun, *map(_as_text, values)])
    return int.from_bytes(sha256(text.encode()).digest()[:8])


def is_chosen(digest: int, share: float) -> bool:
    """Return whether the canary answers a row with this digest."""
    return digest < share * 2**64


def weigh(counts: Counts, share: float) -> float:
    """Return the logarithm of the evidence that more rows are the canary's than its share explains."""
    bad, other = counts
    above = float(betaincc(bad + 1, other + 1, share))  # the part of the mean above `share`
    if above <= 0:
        return -math.inf
    mean = float(betaln(bad + 1, other + 1)) + math.log(above) - math.log1p(-share)
    return mean - bad * math.log(share) - other * math.log1p(-share)


def judge_canary(failed: Counts, slow: Counts, share: float) -> Breach | None:
    """Return why a canary must return, or None."""
    for of, counts in (("errors", failed), ("time", slow)):
        if weigh(counts, share) >= math.log(THRESHOLD):
            return Breach(of=of, canary=counts.canary, previous=counts.previous, share=share)
    return None


def _as_text(value: object) -> str:
    """Return a value as a text that does not depend on the format of its request."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return repr(value + 0.0) if isinstance(value, float) else str(value)
