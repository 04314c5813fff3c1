"""Follow the ledger: load the champion beside the serving version, check it, and put it in its place."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from threading import Event, Thread
from typing import TYPE_CHECKING

from contender.alerting import was_returned
from contender.errors import PermanentError
from contender.installation import Installation
from contender.measures import PredictionError
from contender.redaction import redact
from contender.serving.canaries import Roles, find_canary, plan_roles
from contender.serving.checking import check_version
from contender.serving.deciding import Champion, Checked, choose_step, note_failure
from contender.serving.keys import Keyring
from contender.serving.metrics import Metrics
from contender.serving.recorded import find_challengers, read_changes
from contender.serving.reporting import Reports
from contender.serving.served import Answering, ServedModel
from contender.serving.trial import Trial
from contender.serving.versions import LoadedVersion, UnservableVersion, load_version

if TYPE_CHECKING:
    from contender.serving.request_log import RequestLog
    from contender.serving.shadow import Shadow

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
STORES_SECONDS = 5.0  # between two checks of registry and lake


@dataclass
class Follower:
    """A thread that reads the ledger twice a second."""

    here: Installation
    models: Mapping[str, ServedModel]
    keys: Keyring
    metrics: Metrics
    request_log: RequestLog
    shadow: Shadow
    unreachable: dict[str, datetime | None] = field(
        default_factory=lambda: {"book": None, "registry": None, "lake": None}
    )
    _reports: Reports = field(default_factory=Reports)
    _stop: Event = field(default_factory=Event)
    _thread: Thread | None = None
    _stores_read: float = 0.0

    def start(self) -> None:
        """Read the ledger once, then again and again in a thread."""
        self.follow()
        self._thread = Thread(target=self._run, name="follow the ledger", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread, and record a canary that was returned last, so that a restart finds it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for served in self.models.values():
            self._note_breach(served)
        try:
            self._reports.write(self.here)
        except Exception as error:
            log.warning("The book was not written: %s", redact(f"{type(error).__name__}: {error}"))

    def follow(self) -> None:
        """Make each model serve the champion of its ledger, if the stores answer and the version passes its check."""
        self.keys.refresh()
        try:
            self._reports.write(self.here)
            numbers = self.here.book.ledger.numbers(list(self.models))
            for name, served in self.models.items():
                self._read_champion(served, numbers.get(name))
                self._watch_canary(served)
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
        name, book = served.spec.name, self.here.book
        newest = book.ledger.head(name)
        if newest is None:
            return
        canary = None
        if served.spec.serving.canary is not None:
            canary = find_canary(read_changes(book, name), cache(partial(was_returned, book, name)))
        if served.spec.serving.shadow:
            self.shadow.name_versions(served, find_challengers(served.spec, book))
        if canary != served.canary:
            served.canary, served.returned = canary, None
        served.champion = Champion(entry=newest.number, version=newest.decision.champion_after)
        self.metrics.entry.labels(name).set(newest.number)

    def _watch_canary(self, served: ServedModel) -> None:
        """End a canary after its day, or if another server has returned it. Without the book, it goes on."""
        canary, name = served.canary, served.spec.name
        if canary is None or served.returned is not None:
            return
        if was_returned(self.here.book, name, canary.entry):
            served.returned = "a server returned it: see `contender incidents list --all`"
        elif datetime.now(UTC) >= canary.until:
            served.canary = None

    def _follow_model(self, served: ServedModel) -> None:
        champion = served.champion
        if champion is None:
            return
        self._note_breach(served)
        roles = plan_roles(champion, served.canary, returned=served.returned is not None)
        wanted = served.list_versions()
        served.attempts = {number: one for number, one in served.attempts.items() if number in wanted}
        if roles is None:
            served.behind = None
        else:
            self._fill(served, champion, roles)
        behind = 0 if served.behind is None else served.behind.timestamp()
        self.metrics.behind.labels(served.spec.name).set(behind)

    def _fill(self, served: ServedModel, champion: Champion, roles: Roles) -> None:
        """Load what is not in memory, and let it answer in its role; without it, the last version answers."""
        version = self._obtain(served, champion, roles.version)
        lost = served.attempts.get(roles.version)
        if version is None and roles.version != champion.version and lost is not None and lost.refused:
            assert champion.version is not None
            roles = Roles(champion.version, "champion")  # the version before it cannot serve any more
            version = self._obtain(served, champion, roles.version)
        wanted = None if version is None else roles.canary
        loaded = None if wanted is None else self._obtain(served, champion, wanted)
        is_complete = version is not None and (roles.canary is None or loaded is not None)
        served.behind = None if is_complete else served.behind or datetime.now(UTC)
        before, serving = served.answering, roles.role
        if version is None and before is not None:
            version, serving = before.version, "previous"
        if version is None:
            return
        trial = None if loaded is None else self._continue_trial(served, loaded)
        after = Answering(version, serving, trial)
        if after != before:
            served.answering = after
            self._note_change(served.spec.name, before, after)

    def _continue_trial(self, served: ServedModel, loaded: LoadedVersion) -> Trial:
        """Return the running trial of the canary, or a new one."""
        share, running = served.spec.serving.canary, served.trial
        assert served.canary is not None
        assert share is not None
        if running is not None and running.canary == served.canary:
            return running
        return Trial(loaded, served.canary, share)

    def _note_change(self, name: str, before: Answering | None, after: Answering) -> None:
        trial = after.trial
        self.metrics.version.labels(name).set(after.version.number)
        self.metrics.canary.labels(name).set(0 if trial is None else trial.version.number)
        if before is None or before.version != after.version:
            self.metrics.swaps.labels(name).inc()
        share = "" if trial is None else f", and version {trial.version.number} a share of {trial.share:g}"
        log.info("%s: version %s answers as %s%s", name, after.version.number, after.role, share)
        if after.role == "champion":
            self._reports.settle_returned_canary(name)

    def _note_breach(self, served: ServedModel) -> None:
        """Return a canary that has broken a bound, and open an incident: once, also if several servers find it."""
        model, trial = served.spec, served.trial
        is_new = served.returned is None and trial is not None and trial.canary == served.canary
        if is_new and trial is not None and trial.breach is not None:
            canary, served.returned = trial.canary, trial.breach.reason
            log.error("%s: version %s was returned: %s", model.name, canary.version, served.returned)
            self._reports.add_returned_canary(model, canary, served.returned)
        self.metrics.returned.labels(model.name).set(0 if served.returned is None else 1)

    def _obtain(self, served: ServedModel, champion: Champion, number: int) -> LoadedVersion | None:
        """Return a version from memory, or load it if it is time to; None if it was not loaded."""
        for known in served.in_memory():
            if known.number == number:
                return known
        target = Champion(entry=champion.entry, version=number)
        if choose_step(target, None, served.attempts.get(number), datetime.now(UTC)) != "load":
            return None
        name, began = served.spec.name, time.perf_counter()
        try:
            loaded, checked = self._load(served, target)
        except PermanentError as error:
            self._refuse(served, target, error)
            return None
        except Exception as error:
            reason, last = redact(f"{type(error).__name__}: {error}"), served.attempts.get(number)
            served.attempts[number] = note_failure(target, last, reason, datetime.now(UTC), refused=False)
            log.warning("%s: version %s was not loaded: %s", name, number, reason)
            return None
        served.attempts.pop(number, None)
        self.metrics.load_seconds.labels(name).observe(time.perf_counter() - began)
        log.info("%s: version %s was loaded, entry %s of the ledger", name, number, target.entry)
        if number == champion.version:
            served.checked = checked
            self._reports.settle_refusal(name)
        return loaded

    def _load(self, served: ServedModel, target: Champion) -> tuple[LoadedVersion, Checked]:
        assert target.version is not None
        loaded = load_version(
            served.spec, self.here.registry, target.version, target.entry, datetime.now(UTC)
        )
        checked = check_version(self.here, loaded)
        if checked.problem:
            raise UnservableVersion(f"version {loaded.number}: {checked.problem}")
        _warm(served, loaded)
        return loaded, checked

    def _refuse(self, served: ServedModel, target: Champion, error: PermanentError) -> None:
        """Keep the last version, and open an incident: once for an entry, also if the process starts again."""
        model, number = served.spec, target.version
        reason = redact(str(error))
        assert number is not None
        last = served.attempts.get(number)
        served.attempts[number] = note_failure(target, last, reason, datetime.now(UTC), refused=True)
        self.metrics.refusals.labels(model.name).inc()
        serving = None if served.current is None else served.current.number
        still = "no version" if serving is None else f"version {serving}"
        log.error("%s: version %s was refused, %s serves: %s", model.name, number, still, reason)
        if target == served.champion:  # otherwise the version before a canary: the champion serves
            self._reports.add_refusal(model, target, serving, reason)

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
