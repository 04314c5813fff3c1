"""A made-up result of a drill of four nights, to change in one place at a time."""

from __future__ import annotations

from datetime import timedelta

from contender.drilling import STRATEGIES, DrilledNight, DrillResult, Mail
from contender.records import DriftVerdict
from contender.specs import Days
from tests.unit.policy_results import FIRST, served


def drill_result(*verdicts: DriftVerdict, **changes: object) -> DrillResult:
    """Return the result with these verdicts, night by night."""
    verdicts = verdicts or ("stable", "concept_drift", "concept_drift", "stable")
    nights = Days(first=FIRST, last=FIRST + timedelta(days=len(verdicts) - 1))
    fields = {
        "model": "flight_delay",
        "drill": "sudden",
        "summary": "outcomes are inverted",
        "start": FIRST,
        "strength": 0.15,
        "column": "distance",
        "seed": 0,
        "nights": nights,
        "loss": "brier",
        "right": "concept_drift",
        "monitored": tuple(
            DrilledNight(night=night, verdict=verdict, why="w", refresh="held", blocked_by=("harm",))
            for night, verdict in zip(nights.each(), verdicts, strict=True)
        ),
        "mails": (Mail(night=FIRST, kind="verdict", subject="s"),),
        "served": {name: served([0.2, 0.3, 0.2, 0.3]) for name in STRATEGIES},
        "oracle_window": 7,
    }
    return DrillResult(**(fields | changes))
