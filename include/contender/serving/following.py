"""Follow the ledger: load the champion beside the serving version, check it, and put it in its place."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING

from contender.alerting import Refusal, raise_refusal, settle_refusal
from contender.errors import PermanentError
from contender.installation import Installation
from contender.measures import PredictionError
from contender.redaction import redact
from contender.serving.checking import check_version
from contender.serving.days import FeatureDays
from contender.serving.deciding import Attempt, Champion, Checked, choose_step, note_failure
from contender.serving.keys import Keyring
from contender.serving.metrics import Metrics
from contender.serving.requests import RequestForm
from contender.serving.versions import LoadedVersion, UnservableVersion, load_version
from contender.specs import ModelSpec

if TYPE_CHECKING:
    from contender.serving.request_log import RequestLog

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
STORES_SECONDS = 5.0  # between two checks of registry and lake


@dataclass
class ServedModel:
    """What is known of a model. Only the follower writes it; a request reads `current` once."""

    spec: ModelSpec
    form: RequestForm
    days: FeatureDays
    current: LoadedVersion | None = None
    checked: Checked | None = None
    champion: Champion | None = None
    attempt: Attempt | None = None
    behind: datetime | None = None


@dataclass
class Follower:
    """A thread that reads the ledger twice a second."""

    here: Installation
    models: Mapping[str, ServedModel]
    keys: Keyring
    metrics: Metrics
    request_log: RequestLog
    unreachable: dict[str, datetime | None] = field(
        default_factory=lambda: {"book": None, "registry": None, "lake": None}
    )
    _unreported: list[Callable[[], None]] = field(default_factory=list)
    _stop: Event = field(default_factory=Event)
    _thread: Thread | None = None
    _stores_read: float = 0.0

    def start(self) -> None:
        """Read the ledger once, then again and again in a thread."""
        self.follow()
        self._thread = Thread(target=self._run, name="follow the ledger", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def follow(self) -> None:
        """Make each model serve the champion of its ledger, if the stores answer and the version passes its check."""
        self.keys.refresh()
        try:
            numbers = self.here.book.ledger.numbers(list(self.models))
            for name, served in self.models.items():
                self._read_champion(served, numbers.get(name))
            self._report()
            self._note_store("book", None)
        except Exception as error:  # the versions in memory keep serving
            self._note_store("book", error)
        if time.monotonic() - self._stores_read >= STORES_SECONDS:
            self._check_stores()
            self._stores_read = time.monotonic()
        for served in self.models.values():
            self._follow_model(served)
        self.metrics.note_outages(self.unreachable)

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self.follow()
            except Exception:  # a bug must not end the thread unnoticed
                log.exception("The ledger was not followed")

    def _read_champion(self, served: ServedModel, number: int | None) -> None:
        known = None if served.champion is None else served.champion.entry
        if number is None or number == known:
            return
        newest = self.here.book.ledger.head(served.spec.name)
        if newest is not None:
            served.champion = Champion(entry=newest.number, version=newest.decision.champion_after)
            self.metrics.entry.labels(served.spec.name).set(newest.number)

    def _follow_model(self, served: ServedModel) -> None:
        champion, now = served.champion, datetime.now(UTC)
        if champion is None:
            return
        serving = None if served.current is None else served.current.number
        if choose_step(champion, serving, served.attempt, now) == "load":
            self._load(served, champion)
            serving = None if served.current is None else served.current.number
        if champion.version in (None, serving):
            served.behind = served.attempt = None
        else:
            served.behind = served.behind or now
        behind = 0 if served.behind is None else served.behind.timestamp()
        self.metrics.behind.labels(served.spec.name).set(behind)

    def _load(self, served: ServedModel, champion: Champion) -> None:
        name, began = served.spec.name, time.perf_counter()
        assert champion.version is not None
        try:
            loaded = load_version(
                served.spec, self.here.registry, champion.version, champion.entry, datetime.now(UTC)
            )
            checked = check_version(self.here, loaded)
            if checked.problem:
                raise UnservableVersion(f"version {loaded.number}: {checked.problem}")
            _warm(served, loaded)
        except PermanentError as error:
            self._refuse(served, champion, error)
            return
        except Exception as error:
            reason = redact(f"{type(error).__name__}: {error}")
            served.attempt = note_failure(champion, served.attempt, reason, datetime.now(UTC), refused=False)
            log.warning("%s: version %s was not loaded: %s", name, champion.version, reason)
            return
        served.current, served.checked, served.attempt = loaded, checked, None
        self.metrics.version.labels(name).set(loaded.number)
        self.metrics.swaps.labels(name).inc()
        self.metrics.load_seconds.labels(name).observe(time.perf_counter() - began)
        log.info("%s: version %s serves, entry %s of the ledger", name, loaded.number, champion.entry)
        self._unreported.append(lambda: settle_refusal(self.here, name))

    def _refuse(self, served: ServedModel, champion: Champion, error: PermanentError) -> None:
        """Keep the last version, and open an incident: once for an entry, also if the process starts again."""
        model = served.spec
        reason = redact(str(error))
        served.attempt = note_failure(champion, served.attempt, reason, datetime.now(UTC), refused=True)
        self.metrics.refusals.labels(model.name).inc()
        still = "no version" if served.current is None else f"version {served.current.number}"
        log.error("%s: version %s was refused, %s serves: %s", model.name, champion.version, still, reason)
        refusal = Refusal(
            model=model.name,
            version=champion.version,
            entry=champion.entry,
            serving=None if served.current is None else served.current.number,
            reason=reason,
        )
        self._unreported.append(lambda: raise_refusal(self.here, model, refusal))

    def _report(self) -> None:
        """Write to the book what could not be written before."""
        while self._unreported:
            self._unreported[0]()
            del self._unreported[0]

    def _check_stores(self) -> None:
        """Ask registry and lake for something small, and drop days of features that are no longer current."""
        name = next(iter(self.models))
        self._try("registry", lambda: self.here.registry.champion(name))
        self._try("lake", lambda: self._refresh_days(self.models.values()))

    def _refresh_days(self, models: Iterable[ServedModel]) -> None:
        for served in models:
            served.days.forget_other_than(self.here.lake.snapshot(served.spec.feature_contract.table))

    def _try(self, store: str, ask: Callable[[], object]) -> None:
        try:
            ask()
            self._note_store(store, None)
        except Exception as error:  # whatever a client raises for a store that does not answer
            self._note_store(store, error)

    def _note_store(self, store: str, error: Exception | None) -> None:
        since = self.unreachable[store]
        if error is None and since is not None:
            log.info("The %s answers again; it did not since %s", store, since)
            self.unreachable[store] = None
        elif error is not None and since is None:
            log.warning("The %s does not answer: %s", store, redact(f"{type(error).__name__}: {error}"))
            self.unreachable[store] = datetime.now(UTC)


def _warm(served: ServedModel, version: LoadedVersion) -> None:
    """Predict the days in memory. One that cannot be predicted is no reason to refuse: anyone may ask for any day."""
    for day in served.days.kept():
        with suppress(PredictionError):
            day.score(version)
