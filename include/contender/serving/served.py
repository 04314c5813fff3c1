"""What a serving process knows of a model: the versions in memory, and which of them answers a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from contender.serving.canaries import Canary, Role
from contender.serving.days import FeatureDays
from contender.serving.deciding import Attempt, Champion, Checked
from contender.serving.requests import Asked, RequestForm
from contender.serving.trial import Trial
from contender.serving.versions import LoadedVersion
from contender.specs import ModelSpec


class Chosen(NamedTuple):
    """The version that answers a request, and as what; during a canary, the digest of the request's first row."""

    version: LoadedVersion
    role: Role
    trial: Trial | None = None
    digest: int = 0

    def note_failure(self) -> None:
        """Count the request as one that the version could not predict."""
        if self.trial is not None:
            self.trial.note_failure(self.digest, canary=self.role == "canary")

    def note_time(self, seconds: float) -> None:
        """Count the seconds in which the version predicted the request."""
        if self.trial is not None:
            self.trial.note_time(self.digest, seconds, canary=self.role == "canary")


@dataclass(frozen=True)
class Answering:
    """The versions that answer. A promotion replaces the whole record, so that a request sees one state."""

    version: LoadedVersion
    role: Role
    trial: Trial | None = None

    def choose(self, asked: Asked) -> Chosen:
        """Return the version that answers a request: one for all of its rows, by the first of them."""
        trial = self.trial
        if trial is None:
            return Chosen(self.version, self.role)
        digest = trial.digest(_first_row(self.version.model, asked))
        if trial.takes(digest):
            return Chosen(trial.version, "canary", trial, digest)
        return Chosen(self.version, self.role, trial, digest)


@dataclass
class ServedModel:
    """What is known of a model. Only the follower writes it; a request reads `answering` once."""

    spec: ModelSpec
    form: RequestForm
    days: FeatureDays
    answering: Answering | None = None
    checked: Checked | None = None
    champion: Champion | None = None
    canary: Canary | None = None
    returned: str | None = None  # why the canary was returned
    attempts: dict[int, Attempt] = field(default_factory=dict)
    behind: datetime | None = None

    @property
    def current(self) -> LoadedVersion | None:
        """The version that answers most requests."""
        return None if self.answering is None else self.answering.version

    def in_memory(self) -> tuple[LoadedVersion, ...]:
        """Return the versions that answer requests."""
        if self.answering is None:
            return ()
        trial = self.answering.trial
        return (self.answering.version,) if trial is None else (self.answering.version, trial.version)

    def list_versions(self) -> set[int | None]:
        """Return the versions that may answer: the champion, and those of a canary."""
        canary = () if self.canary is None else (self.canary.version, self.canary.previous)
        return {*canary, None if self.champion is None else self.champion.version}

    @property
    def trial(self) -> Trial | None:
        """The canary, while it answers requests."""
        return None if self.answering is None else self.answering.trial

    @property
    def is_quick(self) -> bool:
        """Whether small requests are predicted quickly, whichever version answers them."""
        return self.answering is not None and all(version.pace.is_quick for version in self.in_memory())

    @property
    def attempt(self) -> Attempt | None:
        """The last failed attempt to load a version, that of the champion first."""
        champion = None if self.champion is None else self.champion.version
        return self.attempts.get(champion or 0) or next(iter(self.attempts.values()), None)


def _first_row(model: ModelSpec, asked: Asked) -> list[object]:
    """Return the keys of the first row; if rows were sent in full, its features."""
    if asked.rows is None:
        return [asked.keys[0][column.name] for column in model.keys]
    (row,) = asked.rows.slice(0, 1).to_pylist()
    return [row[name] for name in model.feature_names]
