"""Entries of the promotion ledger in two sentences: what changed, and why."""

from __future__ import annotations

from contender.records import MACHINE, Decision, Evaluation, Measures
from contender.specs.frozen import Frozen


class Told(Frozen):
    """A decision in two sentences."""

    what: str
    why: str


def tell_decision(decision: Decision, evaluation: Evaluation | None) -> Told:
    """Return a decision in two sentences; its measures are those of its evaluation, if there is one."""
    return Told(what=_tell_what(decision), why=_tell_why(decision, evaluation))


def _tell_what(decision: Decision) -> str:
    before, after = decision.champion_before, decision.champion_after
    night = f"In night {decision.night}"
    if decision.kind == "resumed":
        return f"{night}, refreshes of version {after} were allowed again."
    if after is None:
        return f"{night}, version {decision.challenger} was held: no version serves yet."
    if after == before:
        return f"{night}, version {decision.challenger} was held: version {after} keeps serving."
    if before is None:
        return f"{night}, version {after} became the first that serves."
    return f"{night}, version {after} replaced version {before}."


def _tell_why(decision: Decision, evaluation: Evaluation | None) -> str:
    reason = f": {decision.why.rstrip('.')}" if decision.why else ""
    if decision.by != MACHINE:
        return f"{decision.by} decided it{reason}."
    blocked = [one for one in decision.reasons if not one.passed]
    if blocked:
        more = f" ({len(blocked) - 1} more blocked it)" if len(blocked) > 1 else ""
        why = f"The guard {blocked[0].guard} blocked it: {blocked[0].explanation.rstrip('.')}{more}"
    else:
        why = _tell_merit(decision, evaluation)
    return f"{why}; {decision.approved_by} approved it{reason}." if decision.approved_by else f"{why}."


def _tell_merit(decision: Decision, evaluation: Evaluation | None) -> str:
    """Return why a version was promoted, without the full stop."""
    won = next((one for one in decision.evidence if one.enough), None)
    if decision.kind == "promoted" and won is not None:
        return f"Its evidence reached {won.value:.4g} after {won.days} paired days; the threshold was {won.bar:.4g}"
    if decision.kind == "recovered":
        return "It had the lowest loss on the newest days of a break"
    if decision.kind == "returned":
        return "The refreshes were as good as the version that served in the break"
    if evaluation is None:
        return "No guard blocked it"
    parts = [
        ("its loss was", evaluation.challenger_measures),
        ("the champion's", evaluation.champion_measures),
    ]
    parts.append(("the baseline's", evaluation.baseline_measures))
    return "No guard blocked it: " + ", ".join(f"{name} {_loss(m)}" for name, m in parts if m is not None)


def _loss(measures: Measures) -> str:
    return f"{measures.loss:.4f}"
