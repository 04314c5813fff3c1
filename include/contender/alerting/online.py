"""Trouble with the online predictions of a model: its signal, and the mail about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from contender.alerting.compose import one_line, render
from contender.alerting.raising import raise_signal
from contender.incidents import Signal, grade
from contender.installation import Installation
from contender.records import Alert, Step, identify
from contender.specs import ModelSpec, dag_id


class OnlineTrouble(NamedTuple):
    """Trouble that is reported once. `name` is that of its templates; `key` tells it from others of the model."""

    model: str
    name: str
    task: str
    key: tuple[object, ...]
    what: str
    topic: str
    values: Mapping[str, Any]


def raise_online(here: Installation, model: ModelSpec, trouble: OnlineTrouble) -> None:
    """Record trouble in an incident, whose mail is sent to the owners of the model and of the platform."""
    step = online_step(trouble.model, trouble.task)
    signal = Signal(
        id=identify("signal", trouble.name, trouble.model, *trouble.key),
        kind="task",
        step=step,
        what=trouble.what,
        severity=grade(here.catalog, step.dag),
        owners=tuple(dict.fromkeys((model.owner, here.settings.platform_owner))),
        at=datetime.now(UTC),
        topic=trouble.topic,
    )
    raise_signal(here, signal, lambda: compose_online(trouble, signal.owners))


def compose_online(trouble: OnlineTrouble, to: tuple[str, ...]) -> Alert:
    """Return the mail about trouble."""
    return Alert(
        id=identify("alert", trouble.name, trouble.model, *trouble.key),
        kind="task",
        about=trouble.model,
        to=to,
        subject=one_line(f"[contender] {trouble.what}"),
        text=render(f"{trouble.name}.txt", trouble.values),
        html=render(f"{trouble.name}.html", trouble.values),
    )


def online_step(model: str, task: str) -> Step:
    """Return the step of an incident about online predictions: an incident is settled by success of the same step."""
    return Step(dag=dag_id("score", model), task=task)
