"""Record that batch scoring does not repeat logged online predictions, or that it does again."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field

from contender.alerting.compose import one_line, render
from contender.alerting.raising import raise_signal, report_success
from contender.incidents import REQUESTS_TASK, Signal, grade
from contender.installation import Installation
from contender.records import Alert, Step, identify
from contender.specs import ModelSpec, dag_id
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
    step = Step(dag=dag_id("score", model.name), task=REQUESTS_TASK)
    if not check.differing:
        report_success(here, step)
        return False
    signal = Signal(
        id=identify("signal", "requests", model.name, check.day, check.differing),
        kind="task",
        step=step,
        what=_describe(check),
        severity=grade(here.catalog, step.dag),
        owners=tuple(dict.fromkeys((model.owner, here.settings.platform_owner))),
        at=datetime.now(UTC),
        topic=str(check.day),
    )
    raise_signal(here, signal, lambda: compose_request_alert(check, signal.owners))
    return True


def compose_request_alert(check: RequestCheck, to: tuple[str, ...]) -> Alert:
    """Return the mail about logged predictions that batch scoring does not repeat."""
    return Alert(
        id=identify("alert", "requests", check.model, check.day, check.differing),
        kind="task",
        about=check.model,
        to=to,
        subject=one_line(f"[contender] {_describe(check)}"),
        text=render("requests.txt", check.model_dump()),
        html=render("requests.html", check.model_dump()),
    )


def _describe(check: RequestCheck) -> str:
    rows = f"{check.differing} of {check.rows}"
    return f"{check.model} {check.day}: batch scoring does not repeat {rows} logged online predictions"
