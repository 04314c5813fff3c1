"""Record that a server of online predictions refused a version, or that a later one serves."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from contender.alerting.compose import one_line, render
from contender.alerting.raising import raise_signal, report_success
from contender.incidents import Signal, grade
from contender.installation import Installation
from contender.records import Alert, Step, identify
from contender.redaction import redact
from contender.specs import ModelSpec, dag_id
from contender.specs.frozen import Frozen

SERVING = "serve"


class Refusal(Frozen):
    """A champion of the ledger that `contender serve` refused."""

    model: str
    version: int | None
    entry: int = Field(description="of the ledger")
    serving: int | None = Field(description="the version that keeps serving")
    reason: str


def raise_refusal(here: Installation, model: ModelSpec, refusal: Refusal) -> None:
    """Record that the champion was refused: once for an entry of the ledger, also by several servers."""
    step = _step(model.name)
    what = f"{model.name}: online predictions refused version {refusal.version}"
    signal = Signal(
        id=identify("signal", "refusal", model.name, refusal.entry),
        kind="task",
        step=step,
        what=what,
        severity=grade(here.catalog, step.dag),
        owners=tuple(dict.fromkeys((model.owner, here.settings.platform_owner))),
        at=datetime.now(UTC),
        topic=f"entry {refusal.entry}",
    )
    raise_signal(here, signal, lambda: compose_refusal_alert(refusal, signal.owners))


def settle_refusal(here: Installation, model: str) -> None:
    """Record that the champion serves: an incident about an earlier refusal has recovered."""
    report_success(here, _step(model))


def compose_refusal_alert(refusal: Refusal, to: tuple[str, ...]) -> Alert:
    """Return the mail about a refused version."""
    values = refusal.model_dump() | {"reason": redact(refusal.reason)}
    return Alert(
        id=identify("alert", "refusal", refusal.model, refusal.entry),
        kind="task",
        about=refusal.model,
        to=to,
        subject=one_line(
            f"[contender] {refusal.model}: online predictions refused version {refusal.version}"
        ),
        text=render("refusal.txt", values),
        html=render("refusal.html", values),
    )


def _step(model: str) -> Step:
    return Step(dag=dag_id("score", model), task=SERVING)
