"""A made-up backtest of thirty nights, to change in one place at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from contender.backtesting import Backtest, PolicyResult, ServedDay
from contender.records import Decision, Evidence, Reason
from contender.specs import Days
from tests.unit.judged import version

FIRST = date(2013, 3, 1)
NIGHTS = Days(first=FIRST, last=FIRST + timedelta(days=29))


def served(losses: Sequence[float], rows: int = 100) -> tuple[ServedDay, ...]:
    return tuple(
        ServedDay(day=FIRST + timedelta(days=nth), version=1, loss=loss, rows=rows)
        for nth, loss in enumerate(losses)
    )


def decision(night: date, kind: str, challenger: int, recipe: str, explanation: str = "it won") -> Decision:
    return Decision(
        id=f"{night}{kind}{challenger}",
        model="flight_delay",
        night=night,
        kind=kind,
        evaluation="e",
        champion_before=None,
        champion_after=challenger,
        challenger=challenger,
        challenger_recipe=recipe,
        reasons=(Reason(guard="race", passed=kind != "held", observed=1, bound=1, explanation=explanation),),
    )


def policy_result(policy: str = "ours", loss: float = 0.2, **changes: object) -> PolicyResult:
    fields = {
        "policy": policy,
        "decisions": (
            decision(FIRST, "first", 1, "r1"),
            decision(FIRST + timedelta(days=9), "promoted", 2, "r2"),
        ),
        "evidence": tuple(
            (
                FIRST + timedelta(days=nth),
                Evidence(
                    question="race", rival="r2", value=1 + nth, bar=20, days=nth, since=FIRST, enough=False
                ),
            )
            for nth in range(10)
        ),
        "served": served([loss + 0.01 * (nth % 3) for nth in range(30)]),
        "fits": 60,
        "cpu_seconds": 12.0,
    }
    return PolicyResult(**(fields | changes))


def backtest(**changes: object) -> Backtest:
    fields = {
        "model": "flight_delay",
        "loss": "brier",
        "nights": NIGHTS,
        "cadence": "nightly",
        "results": (policy_result(), policy_result("static", 0.21, fits=1, cpu_seconds=0.2)),
        "versions": (version(1, recipe="r1"), version(2, recipe="r2")),
        "newest": {"boosted_trees": served([0.2] * 30), "linear": served([0.19] * 30)},
        "baseline": served([0.25] * 30),
        "failed": (),
    }
    return Backtest(**(fields | changes))
