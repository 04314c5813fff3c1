"""The seven tests of infrastructure."""

from __future__ import annotations

from contender.records import Entry, Evaluation
from contender.records.ledger import MACHINE
from contender.scorecard.data import judge_tests
from contender.scorecard.evidence import Evidence
from contender.scorecard.findings import (
    AUTOMATIC,
    BY_HAND,
    NOT_DONE,
    REPEATED,
    Finding,
    Seen,
    add,
    judge_runs,
    limit,
    seen_entry,
    seen_evaluation,
)


def find_reproducible(evidence: Evidence) -> Finding:
    """Search fits that were repeated with equal results: replays, and versions of the same rows, recipe and seed."""
    differing = [one.file for one in evidence.replays if not one.identical]
    repeated = [Seen(one.night, one.file) for one in evidence.replays if one.identical]
    repeated += [
        seen_evaluation(one)
        for place, one in enumerate(evidence.evaluations)
        if any(_repeats(one, other) for other in evidence.evaluations[place + 1 :])
    ]
    name = evidence.model.name
    finding = judge_runs(
        "fits repeated with equal results",
        repeated,
        f"contender replay {name} NUMBER --json > <reports folder>/replay-{name}-NUMBER.json",
    )
    return add(finding, f"different in {differing[0]}" if differing else "")


def find_model_tests(evidence: Evidence) -> Finding:
    """Search behaviour tests of versions, with the comparison of the stored pipeline with the fitted one."""
    tested = [
        one for one in evidence.evaluations if one.behaviour and one.challenger.reload_difference is not None
    ]
    finding = judge_runs(
        "behaviour tests, and predictions of the stored pipeline compared with the fitted one",
        map(seen_evaluation, tested),
        "write behaviour.py in the model's folder: each new version must pass its tests",
    )
    if not tested:
        return finding
    passed = sum(check.passed for check in tested[0].behaviour)
    return add(
        finding, f"{passed} of {len(tested[0].behaviour)} behaviour tests passed by the newest version"
    )


def find_integration(evidence: Evidence) -> Finding:
    """Search test results of whole nights, or else backtests and drills, which run nights from end to end."""
    name = evidence.model.name
    finding = judge_tests(evidence, f"test_{name}_night", "tests of whole nights")
    if finding.score > NOT_DONE or not evidence.reports:
        return finding
    return Finding(
        score=BY_HAND,
        why=f"{len(evidence.reports)} reports of backtests and drills, which run whole nights",
        evidence=evidence.reports[:2],
        missing=finding.missing,
    )


def find_validation(evidence: Evidence) -> Finding:
    """Search promotions, all of which an evaluation and guards must precede."""
    changes = [
        entry
        for entry in evidence.entries
        if entry.decision.champion_after != entry.decision.champion_before
        if entry.decision.kind not in ("rolled_back", "returned")
    ]
    guarded = [entry for entry in changes if entry.decision.evaluation and entry.decision.reasons]
    finding = judge_runs(
        "promotions after an evaluation and guards",
        map(seen_entry, guarded),
        "run nights: a version must pass the guards before it serves",
    )
    if changes and changes[0] not in guarded:
        number = changes[0].number
        return limit(finding, f"the newest version was put in place without an evaluation (entry {number})")
    return finding


def find_debuggable(evidence: Evidence) -> Finding:
    """Search entries with everything that a replay, which shows each step, needs."""
    evaluations = {one.id: one for one in evidence.evaluations}
    complete = [
        entry
        for entry in evidence.recent_entries
        if _can_be_replayed(entry, evaluations.get(entry.decision.evaluation or ""), evidence.documents)
    ]
    return judge_runs(
        "decisions that `contender replay` can repeat step by step (pins, seed, contract, packages)",
        map(seen_entry, complete),
        "run a night: its entry records them",
    )


def find_canary(evidence: Evidence) -> Finding:
    """Search shadow predictions, which a version makes before it serves."""
    table = evidence.model.shadow_contract.table
    seen = [
        Seen(one.days.last, f"publication {one.id}: contender catalog {table}") for one in evidence.shadows
    ]
    seen += [Seen(day, f"paired day {day} of {table}: contender catalog {table}") for day in evidence.paired]
    return judge_runs(
        "shadow predictions of versions that do not serve yet",
        seen,
        "run nights as DAGs: the last task of the retraining DAG publishes shadow predictions",
    )


def find_rollback(evidence: Evidence) -> Finding:
    """Search roll-backs by a person, and automatic returns to an earlier version."""
    rolled = [seen_entry(one) for one in evidence.entries if one.decision.kind == "rolled_back"]
    returned = [
        seen_entry(one)
        for one in evidence.entries
        if one.decision.kind == "returned" and one.decision.by == MACHINE
    ]
    missing = (
        "a roll-back that is rehearsed by a person is worth 0.5; for 1, the ledger must record automatic returns "
        f"to an earlier version on {REPEATED} nights (declare `recovery` in spec.py)"
    )
    nights = len({one.on for one in returned})
    if nights >= REPEATED:
        found = tuple(one.where for one in returned[:2])
        return Finding(score=AUTOMATIC, why=f"automatic returns on {nights} nights", evidence=found)
    if rolled or returned:
        found = tuple(one.where for one in (rolled + returned)[:2])
        why = f"roll-backs by a person: {len(rolled)}, automatic returns: {len(returned)}"
        return Finding(score=BY_HAND, why=why, evidence=found, missing=missing)
    rehearse = f'rehearse it: contender rollback {evidence.model.name} --reason "rehearsal"; {missing}'
    return Finding(score=NOT_DONE, why="no roll-back in the ledger", missing=rehearse)


def _repeats(one: Evaluation, other: Evaluation) -> bool:
    """Return whether two versions were fitted on the same rows by the same recipe, with an equal result."""
    first, second = one.challenger, other.challenger
    inputs = ("recipe_fingerprint", "trained_on", "pins", "seed", "environment", "code_version")
    return (
        first.version != second.version
        and bool(first.pins)
        and all(getattr(first, name) == getattr(second, name) for name in inputs)
        and one.judged_on == other.judged_on
        and one.challenger_measures.loss == other.challenger_measures.loss
    )


def _can_be_replayed(entry: Entry, evaluation: Evaluation | None, documents: frozenset[str]) -> bool:
    decision = entry.decision
    return (
        evaluation is not None
        and decision.grounds is not None
        and bool(decision.pins)
        and decision.seed is not None
        and decision.grounds.contract in documents
        and decision.environment in documents
    )
