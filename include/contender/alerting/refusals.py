"""Record that a server of online predictions refused a version, or that a later one serves."""

from __future__ import annotations

from pydantic import Field

from contender.alerting.online import OnlineTrouble, compose_online, online_step, raise_online
from contender.alerting.raising import report_success
from contender.installation import Installation
from contender.records import Alert
from contender.redaction import redact
from contender.specs import ModelSpec
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
    raise_online(here, model, _trouble(refusal))


def settle_refusal(here: Installation, model: str) -> None:
    """Record that the champion serves: an incident about an earlier refusal has recovered."""
    report_success(here, online_step(model, SERVING))


def compose_refusal_alert(refusal: Refusal, to: tuple[str, ...]) -> Alert:
    """Return the mail about a refused version."""
    return compose_online(_trouble(refusal), to)


def _trouble(refusal: Refusal) -> OnlineTrouble:
    what = f"{refusal.model}: online predictions refused version {refusal.version}"
    values = refusal.model_dump() | {"reason": redact(refusal.reason)}
    topic = f"entry {refusal.entry}"
    return OnlineTrouble(refusal.model, "refusal", SERVING, (refusal.entry,), what, topic, values)
