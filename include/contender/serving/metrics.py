"""What a serving process counts and measures, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Metrics:
    """The metrics of a serving process."""

    def __init__(self) -> None:
        kept = self._kept = CollectorRegistry()
        model = ("model",)
        self.requests = Counter(
            "contender_serving_requests", "prediction requests", ("model", "status"), registry=kept
        )
        self.rows = Counter("contender_serving_rows", "predicted rows", model, registry=kept)
        self.cold = Counter("contender_serving_cold_rows", "rows with unknown keys", model, registry=kept)
        self.seconds = Histogram(
            "contender_serving_request_seconds", "time of a request", model, buckets=_SECONDS, registry=kept
        )
        self.version = Gauge(
            "contender_serving_version", "serving version, 0 without one", model, registry=kept
        )
        self.entry = Gauge(
            "contender_serving_ledger_entry", "newest known ledger entry", model, registry=kept
        )
        self.swaps = Counter("contender_serving_swaps", "versions that began to serve", model, registry=kept)
        self.refusals = Counter(
            "contender_serving_refusals", "versions that were refused", model, registry=kept
        )
        self.behind = Gauge(
            "contender_serving_behind_since_seconds",
            "time since which the serving version is not the ledger's, 0 if it is",
            model,
            registry=kept,
        )
        self.unreachable = Gauge(
            "contender_serving_unreachable_since_seconds",
            "time since which a store does not answer, 0 if it does",
            ("store",),
            registry=kept,
        )
        self.load_seconds = Histogram(
            "contender_serving_load_seconds", "time to load and check a version", model, registry=kept
        )

        self.roles, self.canary, self.returned = _count_roles(kept)
        self.logged, self.unlogged = _count_log(kept)
        self.shadow, self.shadow_failed, self.shadow_left_out = _count_shadow(kept)

    def note_outages(self, stores: Mapping[str, datetime | None]) -> None:
        """Set since when each store does not answer."""
        for store, since in stores.items():
            self.unreachable.labels(store).set(0 if since is None else since.timestamp())

    def render(self) -> bytes:
        """Return all metrics as text."""
        text: bytes = generate_latest(self._kept)
        return text


def _count_roles(kept: CollectorRegistry) -> tuple[Counter, Gauge, Gauge]:
    answers = Counter("contender_serving_answers", "answered requests", ("model", "role"), registry=kept)
    canary = Gauge(
        "contender_serving_canary_version",
        "version that answers a share of the requests, 0 without one",
        ("model",),
        registry=kept,
    )
    returned = Gauge(
        "contender_serving_canary_returned",
        "1 if the ledger's champion was returned as a canary",
        ("model",),
        registry=kept,
    )
    return answers, canary, returned


def _count_shadow(kept: CollectorRegistry) -> tuple[Counter, Counter, Counter]:
    about = {
        "": "shadow predictions",
        "_failed": "shadow predictions that a challenger did not make",
        "_left_out": "predictions without shadow predictions, because too many wait",
    }
    made, failed, left_out = (
        Counter(f"contender_serving_shadow{name}_rows", text, ("model",), registry=kept)
        for name, text in about.items()
    )
    return made, failed, left_out


def _count_log(kept: CollectorRegistry) -> tuple[Counter, Counter]:
    logged = Counter("contender_serving_logged_rows", "logged predictions", ("model",), registry=kept)
    unlogged = Counter(
        "contender_serving_unlogged_rows",
        "predictions left out of the log, because the lake does not take them in time",
        ("model",),
        registry=kept,
    )
    return logged, unlogged
