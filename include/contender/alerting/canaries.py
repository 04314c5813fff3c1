"""Record that a server of online predictions returned a canary, or that the ledger's champion serves again."""

from __future__ import annotations

from pydantic import Field

from contender.alerting.online import OnlineTrouble, compose_online, online_step, raise_online
from contender.alerting.raising import report_success
from contender.incidents import CANARY_TASK
from contender.installation import Installation
from contender.records import Alert, Book, identify
from contender.specs import ModelSpec
from contender.specs.frozen import Frozen

_NAME = "canary"


class ReturnedCanary(Frozen):
    """A promoted version that `contender serve` no longer lets answer requests."""

    model: str
    version: int
    entry: int = Field(description="of the ledger, which made it the champion")
    previous: int = Field(description="the version that answers all requests")
    reason: str


def raise_returned_canary(here: Installation, model: ModelSpec, returned: ReturnedCanary) -> None:
    """Record that a canary was returned: once for an entry of the ledger, also by several servers."""
    raise_online(here, model, _trouble(returned))


def settle_returned_canary(here: Installation, model: str) -> None:
    """Record that the champion answers all requests: an incident about a returned canary has recovered."""
    report_success(here, online_step(model, CANARY_TASK))


def was_returned(book: Book, model: str, entry: int) -> bool:
    """Return whether any server has returned the canary of a ledger entry, whatever became of the incident."""
    return bool(book.incidents.known([identify("signal", _NAME, model, entry)]))


def compose_canary_alert(returned: ReturnedCanary, to: tuple[str, ...]) -> Alert:
    """Return the mail about a returned canary."""
    return compose_online(_trouble(returned), to)


def _trouble(returned: ReturnedCanary) -> OnlineTrouble:
    model, entry = returned.model, returned.entry
    what = f"{model}: online predictions returned from version {returned.version} to {returned.previous}"
    return OnlineTrouble(model, _NAME, CANARY_TASK, (entry,), what, f"entry {entry}", returned.model_dump())
