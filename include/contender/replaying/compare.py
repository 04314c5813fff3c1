"""Holds what was recorded against what came out now, figure by figure; pure functions of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
from pydantic import Field, computed_field

from contender.measures import Predictions
from contender.records import Decision, Evaluation, Evidence, Reason
from contender.specs.frozen import Frozen

# What `judge` makes of rows and predictions. The rest of an evaluation was observed once (what a prediction cost in
# seconds, what book and registry knew of gates, past refreshes and the champion's rows that night), and is taken as
# it was recorded.
JUDGED = {
    "challenger_measures": "measures of the challenger",
    "champion_measures": "measures of the champion",
    "baseline_measures": "measures of the baseline",
    "disagreement": "disagreement",
    "shift": "shift",
    "unusable_predictions": "unusable predictions",
    "repeat_difference": "predictions made twice",
    "calibration": "calibration",
    "slices": "slices",
    "behaviour": "behaviour",
}
# What a person answered stands as it was answered.
ANSWERED = "approval"


class Difference(Frozen):
    """One value that came out otherwise, in words; `-` stands for none."""

    field: str
    was: str
    now: str

    def __str__(self) -> str:
        """As it is read by people."""
        return (
            f"{self.field}: was {self.was}, is {self.now}" if self.field else f"was {self.was}, is {self.now}"
        )


class Part(Frozen):
    """One part of a decision, held against its replay."""

    name: str
    differences: tuple[Difference, ...] = ()
    told: str = Field(default="", description="what was compared, or that it stands as it was entered")

    @property
    def identical(self) -> bool:
        """Whether nothing came out otherwise."""
        return not self.differences


class Replayed(Frozen):
    """A decision and what its replay came to."""

    model: str
    entry: int
    decision: str
    night: date
    told: str = Field(description="the decision in a line")
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = Field(description="what is otherwise today, and may explain a difference")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def identical(self) -> bool:
        """Whether every part is."""
        return all(part.identical for part in self.parts)

    def tell(self) -> tuple[str, ...]:
        """What was compared, a line each, and then what is otherwise today."""
        lines = [self.told]
        width = max(len(part.name) for part in self.parts)
        for part in self.parts:
            words = part.told or "as it was"
            if part.identical:
                lines.append(f"identical  {part.name:<{width}}  {words}")
            lines += [f"DIFFERS    {part.name:<{width}}  {difference}" for difference in part.differences]
        lines += [f"note: {note}" for note in self.notes]
        differing = [part.name for part in self.parts if not part.identical]
        told = f"differs in {', '.join(differing)}" if differing else "predictions and decision are identical"
        return (*lines, f"{self.model}, entry {self.entry}: {told}.")


def compare(name: str, was: object, now: object, told: str = "") -> Part:
    """Compare two values as JSON, leaf by leaf and to the last digit."""
    then, today = dict(_leaves(was)), dict(_leaves(now))
    paths = list(dict.fromkeys((*then, *today)))
    differences = [
        Difference(field=path, was=_shown(then.get(path)), now=_shown(today.get(path)))
        for path in paths
        if not _same(then.get(path), today.get(path))
    ]
    return Part(name=name, differences=tuple(differences), told=told or _counted(len(then)))


def compare_predictions(name: str, was: Predictions, now: Predictions) -> Part:
    """Compare predictions for the same rows, arrays of one length."""
    same = (was == now) | (np.isnan(was) & np.isnan(now))
    apart = np.nan_to_num(np.where(same, 0.0, np.abs(was - now)), nan=np.inf)
    worst = float(apart.max(initial=0.0))
    changed = int((apart > 0).sum())
    differences: tuple[Difference, ...] = ()
    if changed:
        differences = (
            Difference(
                field="largest difference", was="0", now=f"{worst:.3g}, over {changed:,} of {len(was):,} rows"
            ),
        )
    return Part(name=name, differences=differences, told=f"{len(was):,} rows, largest difference {worst:g}")


def compare_evaluations(was: Evaluation, now: Evaluation) -> tuple[Part, ...]:
    """Compare what was judged, a part for each kind of measure."""
    then, today = (one.model_dump(mode="json", include=set(JUDGED)) for one in (was, now))
    return tuple(
        compare(words, then[field], today[field])
        for field, words in JUDGED.items()
        if then[field] not in (None, []) or today[field] not in (None, [])
    )


def compare_evidence(was: tuple[Evidence, ...], now: tuple[Evidence, ...]) -> tuple[Part, ...]:
    """Compare what the paired days said, a part for each question and rival."""
    then, today = ({f"{e.question}, {e.rival}": e.model_dump(mode="json") for e in es} for es in (was, now))
    # Older entries did not keep which days were paired.
    for name, found in then.items():
        if name in today and found.get("pairs") is None:
            then[name] = {key: value for key, value in found.items() if value is not None}
            today[name] = {key: value for key, value in today[name].items() if key in then[name]}
    return tuple(
        compare(f"evidence: {name}", then.get(name), today.get(name))
        for name in dict.fromkeys((*then, *today))
    )


def compare_decisions(was: Decision, now: Decision | None) -> tuple[Part, ...]:
    """Compare every guard's word and what was decided; None is that no decision about the version came out."""
    outcome = {"kind": was.kind, "serves": was.champion_after}
    if now is None:
        return (compare("decision", outcome, {"kind": "none about this version", "serves": None}),)
    then, today = ({r.guard: r for r in reasons} for reasons in (was.reasons, now.reasons))
    return (
        *(
            compare(
                f"guard: {guard}", _word(then.get(guard)), _word(today.get(guard)), _told(then.get(guard))
            )
            for guard in dict.fromkeys((*then, *today))
        ),
        compare(
            "decision",
            outcome,
            {"kind": now.kind, "serves": now.champion_after},
            f"{was.kind}; version {was.champion_after} serves",
        ),
    )


def take_answer(was: Decision, now: Decision) -> Decision:
    """The replayed decision with what a person answered then: a version that was refused stays out."""
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
    """What differs between two values, as `compare` finds it."""
    return compare("", was, now).differences


def _word(reason: Reason | None) -> object:
    return None if reason is None else reason.model_dump(mode="json", exclude={"guard"})


def _told(reason: Reason | None) -> str:
    return "" if reason is None else f"{'holds' if reason.passed else 'speaks'}: {reason.explanation}"


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
    # A bound or figure that is whole may be read back as an integer; True is no 1.
    return was == now and isinstance(was, bool) == isinstance(now, bool)


def _shown(value: object) -> str:
    return "-" if value is None else value if isinstance(value, str) else repr(value)


def _counted(figures: int) -> str:
    return f"{figures} {'value' if figures == 1 else 'values'}"
