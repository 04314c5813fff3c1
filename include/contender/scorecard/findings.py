"""The result of a test, and the rule that turns records into a score."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from contender.records import Entry, Evaluation
from contender.specs.frozen import Frozen

NOT_DONE, BY_HAND, AUTOMATIC = 0.0, 0.5, 1.0
REPEATED = 2  # different days or nights from which a check counts as repeated
SHOWN = 2  # records that a finding names


def _check_score(score: float) -> float:
    if score not in (NOT_DONE, BY_HAND, AUTOMATIC):
        raise ValueError(f"{score} is not 0, 0.5 or 1")
    return score


Score = Annotated[float, AfterValidator(_check_score)]


class Seen(NamedTuple):
    """One record that shows a check, with its day or night."""

    on: date
    where: str


class Finding(Frozen):
    """The result of one test."""

    score: Score
    why: str
    evidence: tuple[str, ...] = Field(default=(), description="records, files or commands to open")
    missing: str | None = Field(default=None, description="what a higher score needs; None for 1")


def judge_runs(what: str, runs: Iterable[Seen], missing: str, needed: int = REPEATED) -> Finding:
    """Return the finding of a check that nights make by themselves.

    The score is 1 if records of `needed` different days show it, 0.5 with fewer, and 0 without any. `what` names the
    check, and `missing` is an instruction that leads to a record.
    """
    seen = sorted(runs, key=lambda one: one.on, reverse=True)
    days = len({one.on for one in seen})
    if not days:
        return Finding(score=NOT_DONE, why=f"no record of {what}", missing=missing)
    counted = f"{what}: recorded on {days} {'day' if days == 1 else 'days'}, the newest {seen[0].on}"
    evidence = tuple(dict.fromkeys(one.where for one in seen))[:SHOWN]
    if days < needed:
        more = f"recorded on fewer than {needed} days, so it is not yet a repeated check: {missing}"
        return Finding(score=BY_HAND, why=counted, evidence=evidence, missing=more)
    return Finding(score=AUTOMATIC, why=counted, evidence=evidence)


def limit(finding: Finding, missing: str) -> Finding:
    """Return the finding with at most 0.5, because of what is missing for 1."""
    if finding.score < AUTOMATIC:
        return finding
    return finding.model_copy(update={"score": BY_HAND, "missing": missing})


def add(finding: Finding, text: str) -> Finding:
    """Return the finding with more text behind its reason."""
    return finding.model_copy(update={"why": f"{finding.why}; {text}"}) if text else finding


def seen_evaluation(evaluation: Evaluation) -> Seen:
    """Return where an evaluation can be read."""
    version = evaluation.challenger.version
    where = f"evaluation {evaluation.id}: contender card {evaluation.model} {version}"
    return Seen(evaluation.night, where)


def seen_entry(entry: Entry) -> Seen:
    """Return where a ledger entry can be read."""
    decision = entry.decision
    where = f"entry {entry.number}, decision {decision.id}: contender ledger {decision.model} --why"
    return Seen(decision.night, where)


def seen_guard(entries: Iterable[Entry], guard: str) -> list[Seen]:
    """Return the entries whose decision contains a guard's result."""
    return [
        seen_entry(entry)
        for entry in entries
        if any(reason.guard == guard for reason in entry.decision.reasons)
    ]
