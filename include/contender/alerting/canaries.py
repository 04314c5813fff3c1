"""Record that a server of online predictions returned a canary, or that the ledger's champion serves again."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from contender.alerting.compose import one_line, render
from contender.alerting.raising import raise_signal, report_success
from contender.incidents import CANARY_TASK, Signal, grade
from contender.installation import Installation
from contender.records import Alert, Book, Step, identify
from contender.specs import ModelSpec, dag_id
from contender.specs.frozen import Frozen


class ReturnedCanary(Frozen):
    """A promoted version that `contender serve` no longer lets answer requests."""

    model: str
    version: int
    entry: int = Field(description="of the ledger, which made it the champion")
    previous: int = Field(description="the version that answers all requests")
    reason: str


def raise_returned_canary(here: Installation, model: ModelSpec, returned: ReturnedCanary) -> None:
    """Record that a canary was returned: once for an entry of the ledger, also by several servers."""
    step = _step(model.name)
    signal = Signal(
        id=_signal_id(model.name, returned.entry),
        kind="task",
        step=step,
        what=_describe(returned),
        severity=grade(here.catalog, step.dag),
        owners=tuple(dict.fromkeys((model.owner, here.settings.platform_owner))),
        at=datetime.now(UTC),
        topic=f"entry {returned.entry}",
    )
    raise_signal(here, signal, lambda: compose_canary_alert(returned, signal.owners))


def settle_returned_canary(here: Installation, model: str) -> None:
    """Record that the champion answers all requests: an incident about a returned canary has recovered."""
    report_success(here, _step(model))


def was_returned(book: Book, model: str, entry: int) -> bool:
    """Return whether any server has returned the canary of a ledger entry, whatever became of the incident."""
    return bool(book.incidents.known([_signal_id(model, entry)]))


def compose_canary_alert(returned: ReturnedCanary, to: tuple[str, ...]) -> Alert:
    """Return the mail about a returned canary."""
    return Alert(
        id=identify("alert", "canary", returned.model, returned.entry),
        kind="task",
        about=returned.model,
        to=to,
        subject=one_line(f"[contender] {_describe(returned)}"),
        text=render("canary.txt", returned.model_dump()),
        html=render("canary.html", returned.model_dump()),
    )


def _describe(returned: ReturnedCanary) -> str:
    return f"{returned.model}: online predictions returned from version {returned.version} to {returned.previous}"


def _signal_id(model: str, entry: int) -> str:
    return identify("signal", "canary", model, entry)


def _step(model: str) -> Step:
    return Step(dag=dag_id("score", model), task=CANARY_TASK)
