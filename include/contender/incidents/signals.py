"""Signals: what was noticed about a step, by a task that failed or by the check of what should exist."""

from __future__ import annotations

import re
from datetime import datetime

from pydantic import Field

from contender.incidents.disks import chain, find_disk_error
from contender.records import Cause, GateResult, Monitored, Step, Urgency, identify
from contender.redaction import redact
from contender.specs import Catalog, dag_id, parse_dag_id
from contender.specs.frozen import Frozen

# Classes, by name: the engine does not import the clients of all stores to classify an error.
CONNECTION_ERRORS = frozenset(
    {
        *("ConnectionError", "TimeoutError", "gaierror", "OperationalError", "InterfaceError"),
        *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "TransportError"),
        *("MaxRetryError", "NewConnectionError", "ServiceUnavailableError"),
    }
)
_CHANGING = re.compile(r"0x[0-9a-f]+|\d+|'[^']*'|\"[^\"]*\"")
LONGEST_FINGERPRINT = 200
REQUESTS_TASK = "requests"  # the check of logged online predictions
CANARY_TASK = "canary"  # a version that answers a share of the online requests


class Signal(Frozen):
    """Something that was noticed about a step. The same observation always has the same id."""

    id: str
    kind: Cause
    step: Step
    what: str = Field(description="one line")
    severity: Urgency
    owners: tuple[str, ...]
    at: datetime
    since: datetime | None = Field(
        default=None, description="what ends the failure is later; by default than `at`"
    )
    topic: str = Field(default="", description="batch or verdict; another one about the same step is news")
    error: str | None = Field(default=None, description="fingerprint of a connection error")
    held_up: Step | None = Field(default=None, description="the late step, if `step` is what holds it up")

    @property
    def fails(self) -> bool:
        """Whether a step has failed; otherwise its output is missing, and any output will do."""
        return self.kind in ("gate", "task")


def grade(catalog: Catalog, dag: str) -> Urgency:
    """Return how urgent the failure of a DAG is: critical if tonight's predictions depend on it."""
    verb, name = parse_dag_id(dag)
    if verb in ("features", "score"):
        return "critical"
    read = {
        source.name
        for model in catalog.models.values()
        for source in catalog.sources(model)
        if source.contract.daily
    }
    return "critical" if verb == "ingest" and name in read else "warning"


def signal_gate(catalog: Catalog, result: GateResult, step: Step, attempt: int, at: datetime) -> Signal:
    """Return the signal about a failed gate."""
    checks = len([e for e in result.failed if e.verdict == "fail"]) + len(result.defects)
    return Signal(
        id=identify("signal", "gate", result.id, attempt),
        kind="gate",
        step=step,
        what=f"{result.table} {result.days.key} failed its gate ({checks} check{'s' if checks != 1 else ''})",
        severity=grade(catalog, step.dag),
        owners=result.recipients,
        at=at,
        since=min(at, result.at),  # the time of the next result is later, also if the clock was set back
        topic=result.fingerprint,
    )


def signal_verdict(monitored: Monitored, owners: tuple[str, ...]) -> Signal:
    """Return the signal about a monitoring verdict. An incident about verdicts is about all days in a row."""
    return Signal(
        id=identify("signal", "verdict", monitored.id),
        kind="verdict",
        step=Step(dag=dag_id("monitor", monitored.model), task="conclude"),
        what=f"{monitored.model} {monitored.day}: {monitored.verdict}",
        severity="warning",
        owners=owners,
        at=monitored.at,
        topic=monitored.verdict,
    )


def fingerprint_connection_error(error: BaseException | str | None) -> str | None:
    """Return a text that is equal for errors from the same store, connection or full disk; None for any other error."""
    if not isinstance(error, BaseException):
        return None
    if (disk := find_disk_error(error)) is not None:
        return disk.fingerprint
    for one in chain(error):
        if CONNECTION_ERRORS & {kind.__name__ for kind in type(one).__mro__}:
            first_line = (redact(str(one)).splitlines() or [""])[0]
            return f"{type(one).__name__}: {_CHANGING.sub('#', first_line)}"[:LONGEST_FINGERPRINT]
    return None


def describe_step(step: Step) -> str:
    """Return a step in words: `features of churn, night 2013-09-01`."""
    verb, name = parse_dag_id(step.dag)
    nouns: dict[str, str] = {
        "ingest": f"delivery of {name}, day",
        "features": f"features of {name}, night",
        "score": f"predictions of {name}, night",
        "retrain": f"training of {name}, night",
        "monitor": f"monitoring of {name}, night",
        "operations": f"{name}, day",
    }
    if step.days is None or verb not in nouns:
        return f"{step.dag} {step.task}".strip()
    return f"{nouns[verb]} {step.days.key}"
