"""The seven tests of monitoring."""

from __future__ import annotations

from contender.scorecard.data import seen_gates
from contender.scorecard.evidence import Evidence
from contender.scorecard.findings import (
    NOT_DONE,
    REPEATED,
    Finding,
    Seen,
    add,
    judge_runs,
    limit,
    seen_guard,
)
from contender.scorecard.modelling import seen_monitored

_BROKEN_INPUT = ("gate", "missing", "deadline")  # causes of incidents about deliveries


def find_notified(evidence: Evidence) -> Finding:
    """Search incidents about an input that someone was notified of."""
    return judge_runs(
        "an incident about an input, with a notification",
        (
            Seen(one.opened.date(), f"incident {one.id}: contender incidents show {one.id}")
            for one in evidence.incidents
            if one.notified and one.kind in _BROKEN_INPUT
        ),
        "rehearse it: deliver a broken file to a test installation, or let a delivery be late",
    )


def find_invariants(evidence: Evidence) -> Finding:
    """Search gate results of every input."""
    lacking = []
    seen: list[Seen] = []
    for contract in evidence.inputs:
        checked = [one for one in evidence.gates.get(contract.table, ()) if one.expectations]
        found = seen_gates(checked)
        seen += found
        needed = REPEATED if contract.daily else 1
        if len({one.on for one in found}) < needed:
            lacking.append(contract.table)
    missing = "let the ingestion DAGs run each night: " + ", ".join(lacking)
    finding = judge_runs("expectations checked on inputs", seen, missing)
    if not lacking:
        return finding
    return limit(
        finding, f"no repeated check of {', '.join(lacking)}: let their ingestion DAGs run each night"
    )


def find_skew(evidence: Evidence) -> Finding:
    """Search days whose published predictions were made again and compared."""
    days = [one for one in evidence.monitored if one.skew is not None]
    finding = judge_runs(
        "published predictions made again from the features and compared",
        seen_monitored(days),
        "let the monitoring DAG run each night: it needs published predictions and their features",
    )
    if not days or (skew := days[0].skew) is None:
        return finding
    return add(finding, f"{skew.differing} of {skew.rows} rows differ on the newest")


def find_fresh(evidence: Evidence) -> Finding:
    """Search comparisons of the training days of refreshes with those of the champion."""
    finding = judge_runs(
        "training days compared with the champion's",
        seen_guard(evidence.recent_entries, "newer"),
        "run nights: the guard `newer` compares each refresh",
    )
    serving = _serving(evidence)
    trained = next((one for one in evidence.versions if one.version == serving), None)
    if trained is None or not evidence.entries:
        return finding
    age = (evidence.entries[0].decision.night - trained.trained_on.last).days
    return add(
        finding, f"the serving version's training data ended {age} days before the newest decided night"
    )


def find_stable(evidence: Evidence) -> Finding:
    """Search checks for predictions that are not finite, or differ when they are repeated."""
    finding = judge_runs(
        "check for predictions that are not finite or not repeatable",
        seen_guard(evidence.recent_entries, "stable"),
        "run nights: the guard `stable` checks each version",
    )
    unusable = sum(one.unusable_predictions for one in evidence.evaluations)
    return finding if finding.score == NOT_DONE else add(finding, f"{unusable} predictions were not finite")


def find_performance(evidence: Evidence) -> Finding:
    """Search bounds of prediction time and pipeline size."""
    entries = evidence.recent_entries
    sized = {one.where for one in seen_guard(entries, "size")}
    finding = judge_runs(
        "bounds of prediction time and pipeline size",
        (one for one in seen_guard(entries, "latency") if one.where in sized),
        "run nights: the guards `latency` and `size` check each version",
    )
    timed = [s for one in evidence.evaluations if (s := one.seconds_per_million_rows) is not None]
    return add(finding, f"newest {timed[0]:.1f} s per million rows" if timed else "")


def find_quality(evidence: Evidence) -> Finding:
    """Search days whose served predictions were compared with outcomes."""
    days = [one for one in evidence.monitored if one.measures is not None]
    finding = judge_runs(
        "served predictions compared with outcomes",
        seen_monitored(days),
        "let the scoring and monitoring DAGs run each night",
    )
    return add(finding, f"newest verdict: {days[0].verdict}" if days else "")


def _serving(evidence: Evidence) -> int | None:
    return evidence.entries[0].decision.champion_after if evidence.entries else None
