"""Compare a recorded decision with its replay, value by value; pure functions of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
from pydantic import Field, computed_field

from contender.measures import Predictions
from contender.records import Decision, Evaluation, Evidence, Reason
from contender.specs.frozen import Frozen

# The fields that `judge` computes from rows and predictions. The others were observed once (prediction time, gate
# verdicts, earlier refreshes, and the champion's training rows), and are taken from the record.
JUDGED = {
    "challenger_measures": "measures of the challenger",
    "champion_measures": "measures of the champion",
    "baseline_measures": "measures of the baseline",
    "disagreement": "disagreement",
    "shift": "shift",
    "failure": "failure to predict",
    "champion_failure": "failure of the champion to predict",
    "unusable_predictions": "unusable predictions",
    "repeat_difference": "predictions made twice",
    "calibration": "calibration",
    "slices": "slices",
    "behaviour": "behaviour",
}
# The guard name of a person's answer, which is taken from the record.
ANSWERED = "approval"


class Difference(Frozen):
    """A value that differs, as text; `-` stands for a missing value."""

    field: str
    was: str
    now: str

    def __str__(self) -> str:
        """Return the difference in one line."""
        return (
            f"{self.field}: was {self.was}, is {self.now}" if self.field else f"was {self.was}, is {self.now}"
        )


class Part(Frozen):
    """One part of a decision, compared with its replay."""

    name: str
    differences: tuple[Difference, ...] = ()
    detail: str = Field(default="", description="what was compared")

    @property
    def identical(self) -> bool:
        """Whether there are no differences."""
        return not self.differences


class Replayed(Frozen):
    """The result of a replay."""

    model: str
    entry: int
    decision: str
    night: date
    summary: str = Field(description="the decision in one line")
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = Field(
        description="what has changed since the decision, and may explain a difference"
    )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def identical(self) -> bool:
        """Whether every part is identical."""
        return all(part.identical for part in self.parts)

    def report(self) -> tuple[str, ...]:
        """Return one line for each part or difference, then the notes and the result."""
        lines = [self.summary]
        width = max(len(part.name) for part in self.parts)
        for part in self.parts:
            if part.identical:
                lines.append(f"identical  {part.name:<{width}}  {part.detail or 'unchanged'}")
            lines += [f"DIFFERS    {part.name:<{width}}  {difference}" for difference in part.differences]
        lines += [f"note: {note}" for note in self.notes]
        differing = [part.name for part in self.parts if not part.identical]
        result = (
            f"differs in {', '.join(differing)}" if differing else "predictions and decision are identical"
        )
        return (*lines, f"{self.model}, entry {self.entry}: {result}.")


def compare(name: str, was: object, now: object, detail: str = "") -> Part:
    """Compare two values as JSON, leaf by leaf and exactly."""
    then, today = dict(_leaves(was)), dict(_leaves(now))
    paths = list(dict.fromkeys((*then, *today)))
    differences = [
        Difference(field=path, was=_shown(then.get(path)), now=_shown(today.get(path)))
        for path in paths
        if not _same(then.get(path), today.get(path))
    ]
    return Part(name=name, differences=tuple(differences), detail=detail or _counted(len(then)))


def compare_predictions(name: str, was: Predictions, now: Predictions) -> Part:
    """Compare predictions for the same rows: arrays of the same length."""
    same = (was == now) | (np.isnan(was) & np.isnan(now))
    apart = np.nan_to_num(np.where(same, 0.0, np.abs(was - now)), nan=np.inf)
    worst = float(apart.max(initial=0.0))
    changed = int((apart > 0).any(axis=tuple(range(1, apart.ndim))).sum())
    differences: tuple[Difference, ...] = ()
    if changed:
        differences = (
            Difference(
                field="largest difference", was="0", now=f"{worst:.3g}, over {changed:,} of {len(was):,} rows"
            ),
        )
    return Part(name=name, differences=differences, detail=f"{len(was):,} rows, largest difference {worst:g}")


def compare_evaluations(was: Evaluation, now: Evaluation) -> tuple[Part, ...]:
    """Compare two evaluations, one part for each kind of measure."""
    then, today = (one.model_dump(mode="json", include=set(JUDGED)) for one in (was, now))
    return tuple(
        compare(name, then[field], today[field])
        for field, name in JUDGED.items()
        if then[field] not in (None, []) or today[field] not in (None, [])
    )


def leave_out_unrecorded(was: Evaluation, now: Evaluation) -> Evaluation:
    """Return the replayed evaluation without the outcomes of tested rows that an older evaluation did not record."""
    recorded = {check.name for check in was.behaviour if check.outcomes is not None}
    checks = tuple(
        check if check.name in recorded else check.model_copy(update={"outcomes": None})
        for check in now.behaviour
    )
    return now.model_copy(update={"behaviour": checks})


def compare_evidence(was: tuple[Evidence, ...], now: tuple[Evidence, ...]) -> tuple[Part, ...]:
    """Compare evidence, one part for each question and rival."""
    then, today = ({f"{e.question}, {e.rival}": e.model_dump(mode="json") for e in es} for es in (was, now))
    # Older entries did not record the fingerprint of the paired days.
    for name, found in then.items():
        if name in today and found.get("pairs") is None:
            then[name] = {key: value for key, value in found.items() if value is not None}
            today[name] = {key: value for key, value in today[name].items() if key in then[name]}
    return tuple(
        compare(f"evidence: {name}", then.get(name), today.get(name))
        for name in dict.fromkeys((*then, *today))
    )


def compare_decisions(was: Decision, now: Decision | None) -> tuple[Part, ...]:
    """Compare guards and outcome; `now` is None if the replay made no decision about the version."""
    outcome = {"kind": was.kind, "serves": was.champion_after}
    if now is None:
        return (compare("decision", outcome, {"kind": "none about this version", "serves": None}),)
    then, today = ({r.guard: r for r in reasons} for reasons in (was.reasons, now.reasons))
    return (
        *(
            compare(
                f"guard: {guard}",
                _result(then.get(guard)),
                _result(today.get(guard)),
                _describe(then.get(guard)),
            )
            for guard in dict.fromkeys((*then, *today))
        ),
        compare(
            "decision",
            outcome,
            {"kind": now.kind, "serves": now.champion_after},
            f"{was.kind}; serving: version {was.champion_after}",
        ),
    )


def take_answer(was: Decision, now: Decision) -> Decision:
    """Return the replayed decision with the recorded answer of a person applied: a refused version is held."""
    answers = tuple(reason for reason in was.reasons if reason.guard == ANSWERED)
    reasons = (*now.reasons, *answers)
    promoted = now.promoted and all(answer.passed for answer in answers)
    return now.model_copy(
        update={
            "reasons": reasons,
            "kind": now.kind if promoted else "held",
            "champion_after": now.challenger if promoted else was.champion_before,
        }
    )


def changed_leaves(was: object, now: object) -> tuple[Difference, ...]:
    """Return the differences that `compare` finds."""
    return compare("", was, now).differences


def _result(reason: Reason | None) -> object:
    return None if reason is None else reason.model_dump(mode="json", exclude={"guard"})


def _describe(reason: Reason | None) -> str:
    return "" if reason is None else f"{'passed' if reason.passed else 'blocked'}: {reason.explanation}"


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping) and value:
        for key, nested in value.items():
            yield from _leaves(nested, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for nth, nested in enumerate(value):
            name = nested.get("name", nth) if isinstance(nested, Mapping) else nth
            yield from _leaves(nested, f"{path}[{name}]")
    else:
        yield path, value


def _same(was: object, now: object) -> bool:
    # A whole number may be read back as an integer, but True is not equal to 1.
    return was == now and isinstance(was, bool) == isinstance(now, bool)


def _shown(value: object) -> str:
    return "-" if value is None else value if isinstance(value, str) else repr(value)


def _counted(figures: int) -> str:
    return f"{figures} {'value' if figures == 1 else 'values'}"
