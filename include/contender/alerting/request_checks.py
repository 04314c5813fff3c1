"""Record that batch scoring does not repeat logged online predictions, or that it does again."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from contender.alerting.online import OnlineTrouble, compose_online, online_step, raise_online
from contender.alerting.raising import report_success
from contender.incidents import REQUESTS_TASK
from contender.installation import Installation
from contender.records import Alert
from contender.specs import ModelSpec
from contender.specs.frozen import Frozen


class Difference(Frozen):
    """A logged value that batch scoring does not repeat."""

    request: str
    row: int
    version: int
    column: str
    logged: str
    computed: str


class RequestCheck(Frozen):
    """What became of the logged answers of a day."""

    model: str
    day: date
    rows: int = Field(description="logged rows")
    repeated: int = Field(description="rows that batch scoring repeats to the last bit")
    differing: int = Field(description="rows that it does not repeat")
    unchecked: dict[str, int] = Field(default_factory=dict, description="rows by the reason")
    differences: tuple[Difference, ...] = Field(default=(), description="of the first differing rows")

    def summary(self) -> str:
        """Describe the result in one line."""
        unchecked = "".join(f", {rows} not checked: {reason}" for reason, rows in self.unchecked.items())
        return (
            f"{self.model} {self.day}: {self.rows} logged rows, {self.repeated} repeated, "
            f"{self.differing} differ{unchecked}"
        )


def report_request_check(here: Installation, model: ModelSpec, check: RequestCheck) -> bool:
    """Open an incident if rows differ, otherwise let an earlier one recover. Returns whether rows differ."""
    if not check.differing:
        report_success(here, online_step(model.name, REQUESTS_TASK))
        return False
    raise_online(here, model, _trouble(check))
    return True


def compose_request_alert(check: RequestCheck, to: tuple[str, ...]) -> Alert:
    """Return the mail about logged predictions that batch scoring does not repeat."""
    return compose_online(_trouble(check), to)


def _trouble(check: RequestCheck) -> OnlineTrouble:
    rows, key = f"{check.differing} of {check.rows}", (check.day, check.differing)
    what = f"{check.model} {check.day}: batch scoring does not repeat {rows} logged online predictions"
    return OnlineTrouble(
        check.model, "requests", REQUESTS_TASK, key, what, str(check.day), check.model_dump()
    )
