"""Each model's night as a row of steps, and whether tonight's predictions exist: pure functions of what was seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from pydantic import Field

from contender.incidents import describe_step
from contender.planning.costs import Cost
from contender.planning.deliveries import Awaited
from contender.records import Step
from contender.specs import Verb, parse_dag_id
from contender.specs.frozen import Frozen

StepState = Literal["waiting", "running", "done", "late", "failed"]
RunState = Literal["queued", "running", "success", "failed"]
STEPS: tuple[Verb, ...] = ("ingest", "features", "score", "retrain", "monitor")
# The state of several steps together is the first of these that one of them has.
_WORST: tuple[StepState, ...] = ("failed", "late", "running", "waiting", "done")
_MOST_NAMED = 3


class SeenRun(Frozen):
    """The newest run of a DAG for the days of a step."""

    run_id: str
    state: RunState


class SeenStep(Frozen):
    """What the records and Airflow contain about a step."""

    step: Step
    present: bool = Field(description="whether its output exists, or none is expected")
    at: datetime | None = Field(default=None, description="when its output passed its gate, or was recorded")
    rejected: bool = Field(default=False, description="whether its newest batch failed its gate")
    incident: str | None = Field(default=None, description="unfinished incident in which it failed")
    due: datetime | None = Field(default=None, description="when its output was due, if that is over")
    gate: str | None = Field(
        default=None, description="newest result of its gate; the failed one, if one failed"
    )
    run: SeenRun | None = None
    delivery: Awaited | None = Field(default=None, description="of an input")
    idle: str = Field(default="", description="why it does nothing tonight; empty if it does")


class SeenNight(Frozen):
    """What was seen of a night of a model. Without a night, nothing is loaded."""

    model: str
    night: date | None
    steps: tuple[SeenStep, ...] = Field(default=(), description="all inputs, then the steps of the model")
    deadline: datetime | None = Field(default=None, description="`scored_by` of the night")
    costs: tuple[Cost, ...] = ()


class StepRow(Frozen):
    """A step of a night, as shown."""

    step: Step
    verb: str
    subject: str
    state: StepState
    why: str
    at: datetime | None
    run_id: str | None
    gate: str | None
    incident: str | None


class NightRow(Frozen):
    """A night of a model, as shown. `hidden` steps belong to DAGs that the reader may not see."""

    model: str
    night: date | None
    steps: tuple[StepRow, ...] = ()
    hidden: int = 0
    scored: bool = False
    scored_at: datetime | None = None
    deadline: datetime | None = None
    forecast: datetime | None = Field(
        default=None, description="of the end of scoring; None if it is not known"
    )
    missed: bool = Field(default=False, description="whether the deadline was missed")
    at_risk: bool = Field(default=False, description="whether the forecast is after the deadline")

    def of(self, verb: str) -> tuple[StepRow, ...]:
        """Return the steps of one kind."""
        return tuple(step for step in self.steps if step.verb == verb)


def choose_night(now: datetime, nightly_from: date | None, newest: date | None) -> date | None:
    """Return tonight's night: the day that ended last, in UTC.

    Nights that are started by hand have no clock: it is then the newest one that anything is recorded of.
    """
    if nightly_from is None:
        return newest
    return max(now.astimezone(UTC).date() - timedelta(days=1), nightly_from)


def judge_night(seen: SeenNight, now: datetime) -> NightRow:
    """Return the row of a night at `now` (timezone-aware)."""
    score = next((one for one in seen.steps if _verb(one) == "score" and _is_own(one, seen)), None)
    scored = score is not None and score.present
    scored_at = score.at if score is not None and scored else None
    forecast = None if scored else forecast_end(seen, now)
    over = seen.deadline is not None and (scored_at or now) > seen.deadline
    return NightRow(
        model=seen.model,
        night=seen.night,
        steps=tuple(_judge_step(one, now) for one in seen.steps),
        scored=scored,
        scored_at=scored_at,
        deadline=seen.deadline,
        forecast=forecast,
        missed=over and (scored_at is not None or not scored),
        at_risk=not over and seen.deadline is not None and forecast is not None and forecast > seen.deadline,
    )


def forecast_end(seen: SeenNight, now: datetime) -> datetime | None:
    """Return when the predictions should be there, by the usual durations of the steps; never before `now`.

    None if a step has no usual duration, or if an input failed its gate, or is missing and has no schedule.
    """
    usual = {cost.step: cost.seconds for cost in seen.costs}
    scoring, building = usual.get("scoring"), usual.get("features")
    built = next((one for one in seen.steps if _verb(one) == "features"), None)
    if scoring is None or built is None or any(one.idle for one in seen.steps if _verb(one) == "score"):
        return None
    if built.present:
        return None if built.at is None else max(now, built.at + timedelta(seconds=scoring))
    arrivals = [_arrival(one, now) for one in seen.steps if _is_input(one, seen)]
    known = [at for at in arrivals if at is not None]
    if building is None or len(known) < len(arrivals):
        return None
    return max(now, max(known, default=now) + timedelta(seconds=building + scoring))


def hide_unreadable(row: NightRow, readable: Collection[str]) -> NightRow:
    """Return the row with only the steps of DAGs that a reader may see."""
    steps = tuple(step for step in row.steps if step.step.dag in readable)
    return row.model_copy(update={"steps": steps, "hidden": len(row.steps) - len(steps)})


def combine(steps: Iterable[StepRow]) -> StepState | None:
    """Return the state of several steps together; None without any."""
    found = {step.state for step in steps}
    return next((state for state in _WORST if state in found), None)


def answer_tonight(rows: Sequence[NightRow]) -> str:
    """Return in one sentence how many models have tonight's predictions, and what the others wait for."""
    if not rows:
        return "There is no model that you may see."
    missing = [row for row in rows if not row.scored]
    count = len(rows) - len(missing)
    if len(rows) == 1:
        return (
            f"{rows[0].model} has no predictions of tonight yet: it {explain(rows[0])}."
            if missing
            else f"{rows[0].model} has tonight's predictions."
        )
    amount = f"All {count}" if not missing else f"{count} of {len(rows)}" if count else f"None of {len(rows)}"
    start = f"{amount} models {'have' if count > 1 else 'has'} tonight's predictions"
    reasons = [f"{row.model} {explain(row)}" for row in missing[:_MOST_NAMED]]
    more = len(missing) - len(reasons)
    reasons += [f"{more} more {'wait' if more > 1 else 'waits'}"] if more else []
    return "; ".join([start, *reasons]) + "."


def explain(row: NightRow) -> str:
    """Return what a model without predictions waits for, as the end of a sentence about it."""
    if row.night is None:
        return "waits for its first load"
    blocking = next(_find_blocking(row), None)
    if blocking is None:
        return "waits for a step that you may not see" if row.hidden else "waits to be scored"
    if blocking.verb == "score" and blocking.subject == row.model:
        name, missing = "scoring", "predictions are"
    else:
        name = describe_step(blocking.step).rpartition(", ")[0]
        missing = f"{name} {'is' if blocking.verb == 'ingest' else 'are'}"
    note = f" ({blocking.why})" if blocking.why else ""
    return {
        "failed": f"is held up: {name} failed",
        "late": f"is late: {missing} missing",
        "running": f"is in progress: {name}",
        "waiting": f"waits for {name}{note}",
        "done": "is done",
    }[blocking.state]


def _find_blocking(row: NightRow) -> Iterator[StepRow]:
    """Yield the steps up to the predictions that are not done, the worst first."""
    before = [step for step in row.steps if step.verb in ("ingest", "features") or step.subject != row.model]
    before += [step for step in row.steps if step.verb == "score" and step.subject == row.model]
    for state in ("failed", "late", "running", "waiting"):
        yield from (step for step in before if step.state == state)


def _judge_step(seen: SeenStep, now: datetime) -> StepRow:
    state, why = _find_state(seen, now)
    verb, subject = parse_dag_id(seen.step.dag)
    return StepRow(
        step=seen.step,
        verb=verb,
        subject=subject,
        state=state,
        why=why,
        at=seen.at if seen.present else None,
        run_id=None if seen.run is None else seen.run.run_id,
        gate=seen.gate,
        incident=None if seen.present else seen.incident,
    )


def _find_state(seen: SeenStep, now: datetime) -> tuple[StepState, str]:
    run = None if seen.run is None else seen.run.state
    if seen.present:
        closed = seen.delivery is not None and seen.delivery.state == "closed"
        return "done", "closed day" if closed else seen.idle
    if run == "running":
        return "running", "" if seen.due is None else f"due since {seen.due:%H:%M} UTC"
    if seen.rejected:
        return "failed", "failed its gate"
    if seen.incident is not None or run == "failed":
        return "failed", "its run failed"
    if seen.due is not None:
        return "late", f"due since {seen.due:%Y-%m-%d %H:%M} UTC"
    return "waiting", seen.idle or ("queued" if run == "queued" else _describe_delivery(seen.delivery, now))


def _describe_delivery(delivery: Awaited | None, now: datetime) -> str:
    if delivery is None:
        return ""
    if delivery.state == "landed":
        return "delivered, not published yet"
    at = delivery.expected_at
    return "" if at is None else f"expected {'at' if at > now else 'since'} {at:%H:%M} UTC"


def _arrival(seen: SeenStep, now: datetime) -> datetime | None:
    """Return when an input is or was there; None if that is not known, as after a failed gate."""
    if seen.present:
        return seen.at or now
    if seen.rejected:
        return None
    if seen.delivery is not None and seen.delivery.state == "landed":
        return now
    expected = None if seen.delivery is None else seen.delivery.expected_at
    return None if expected is None else max(expected, now)


def _is_input(seen: SeenStep, night: SeenNight) -> bool:
    return not _is_own(seen, night)


def _is_own(seen: SeenStep, night: SeenNight) -> bool:
    verb, subject = parse_dag_id(seen.step.dag)
    return verb != "ingest" and subject == night.model


def _verb(seen: SeenStep) -> str:
    return parse_dag_id(seen.step.dag).verb
