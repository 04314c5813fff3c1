"""A made-up model with evidence for all 28 tests of the scorecard, to take away one piece at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from contender.records import (
    Act,
    BehaviourCheck,
    Decision,
    Entry,
    Evaluation,
    ExpectationResult,
    GateResult,
    Grounds,
    Incident,
    Monitored,
    Pin,
    Publication,
    Reason,
    ScoreSkew,
    SliceMeasures,
    Step,
    TrainedVersion,
)
from contender.records import (
    Evidence as Tested,
)
from contender.scorecard import Evidence, ReplayResult, TestRun
from contender.specs import (
    Approval,
    Column,
    Contract,
    Days,
    Input,
    ModelSpec,
    Recipe,
    Slice,
)
from tests.unit.judged import measures

FIRST = date(2026, 3, 1)
NOW = datetime(2026, 3, 20, 4, tzinfo=UTC)
SALES = Contract(
    table="datasets.sales",
    owner="a@b.example",
    columns=(
        Column(name="day", type="date", description="the day"),
        Column(name="customer", type="integer", pii=True, description="the customer"),
    ),
    primary_key=("day", "customer"),
)
MODEL = ModelSpec(
    name="churn",
    description="Probability that a customer leaves.",
    owner="a@b.example",
    label="left",
    inputs=(Input(dataset="sales"),),
    keys=(
        Column(name="customer", type="integer", pii=True, description="the customer"),
        Column(name="age_group", type="string", pii=True, description="the group"),
    ),
    features=tuple(Column(name=name, type="number", description=name) for name in "abcd"),
    recipes=(
        Recipe(name="trees", window_days=60, parameters={"depth": 3}),
        Recipe(name="deep", window_days=60, parameters={"depth": 9}),
        Recipe(name="fewer", window_days=60, parameters={"depth": 3}, features=("a", "b")),
    ),
    baseline_features=("a",),
    slices=(Slice(column="age_group"), Slice(column="a", values=(1,))),
    approval=Approval(first=True),
)
GUARDS = ("baseline", "latency", "newer", "size", "stable")


def day_of(night: int) -> date:
    return FIRST + timedelta(days=night)


def fitted(night: int, place: int) -> TrainedVersion:
    """A version of a night. In nights 1 and 2 a feature is new."""
    recipe = MODEL.recipes[place]
    return TrainedVersion(
        model="churn",
        version=3 * night + place + 1,
        night=day_of(night),
        recipe=recipe.name,
        recipe_fingerprint=recipe.name,
        features=recipe.features or ("a", "b", "c", "d")[: night + 2],
        trained_on=Days(first=day_of(night - 67), last=day_of(night - 8)),
        days_with_rows=60,
        rows=600,
        mean_label=0.2,
        pins=(Pin(table="features.churn", snapshot=night + 1),),
        seed=0,
        code_version="0123456789ab",
        environment="packages",
        reload_difference=0.0,
    )


def judged(night: int, place: int) -> Evaluation:
    return Evaluation(
        id=f"e{night}{place}",
        model="churn",
        night=day_of(night),
        judged_on=Days(first=day_of(night - 7), last=day_of(night - 1)),
        challenger=fitted(night, place),
        champion=None,
        challenger_measures=measures(0.15 + place / 100),
        champion_measures=None,
        baseline_measures=measures(0.2),
        disagreement=None,
        slices=(
            SliceMeasures(
                name="age_group=young", rows=9, challenger_loss=0.1, champion_loss=None, difference=None
            ),
            SliceMeasures(name="a=1", rows=9, challenger_loss=0.1, champion_loss=None, difference=None),
        ),
        behaviour=(
            BehaviourCheck(
                name="more a, more churn",
                kind="direction",
                passed=True,
                observed=1,
                bound=0,
                explanation="it rises",
            ),
        ),
        seconds_per_million_rows=2.0 + place,
        contract="contract",
    )


def entered(night: int, kind: str = "refreshed", **changes: object) -> Entry:
    decided = {
        "id": f"d{night}{kind}",
        "model": "churn",
        "night": day_of(night),
        "kind": kind,
        "evaluation": f"e{night}0",
        "champion_before": None if kind == "first" else 3 * night - 2,
        "champion_after": 3 * night + 1,
        "challenger": 3 * night + 1,
        "reasons": tuple(
            Reason(guard=name, passed=True, observed=None, bound=None, explanation="good") for name in GUARDS
        ),
        "evidence": (
            Tested(question="still", rival="kept", value=1, bar=20, days=9, since=FIRST, enough=False),
        ),
        "grounds": Grounds(evaluations=(f"e{night}0",), standing=None, guards={}, contract="contract"),
        "pins": fitted(night, 0).pins,
        "seed": 0,
        "environment": "packages",
    }
    return Entry(
        number=night + 1, previous="", entered=NOW, decision=Decision(**(decided | changes)), seal="s"
    )


def gated(table: str, night: int) -> GateResult:
    return GateResult(
        id=f"g{table}{night}",
        table=table,
        owner="a@b.example",
        days=Days.one(day_of(night)),
        run=f"scheduled__{night}",
        verdict="pass",
        rows=10,
        fingerprint=f"f{night}",
        expectations=(ExpectationResult(expectation="customer is not null", verdict="pass", observed="0"),),
    )


def watched(night: int) -> Monitored:
    return Monitored(
        id=f"m{night}",
        model="churn",
        day=day_of(night),
        version=1,
        measures=measures(0.16),
        expected_loss=0.15,
        skew=ScoreSkew(day=day_of(night), version=1, rows=10, differing=0),
        verdict="stable",
        action="none",
    )


def opened(night: int) -> Incident:
    at = datetime.combine(day_of(night), datetime.min.time(), UTC)
    return Incident(
        id=f"i{night}",
        kind="gate",
        cause=Step(dag="ingest__sales", days=Days.one(day_of(night))),
        what="failed",
        severity="warning",
        owners=("a@b.example",),
        opened=at,
        changed=at,
        notified=True,
    )


def shadowed(night: int) -> Publication:
    days = Days.one(day_of(night))
    return Publication(id=f"p{night}", table="shadow.churn", days=days, run="r", rows=10, fingerprint="f")


def act(kind: str, about: str) -> Act:
    return Act(id=kind, kind=kind, about=about, key="", by="ann", reason="a rule", at=NOW)


def tested(night: int) -> TestRun:
    passed = ("test_churn_features", "test_churn_night")
    return TestRun(file=f"reports/junit-{night}.xml", day=day_of(night), passed=passed)


def replayed(night: int) -> ReplayResult:
    return ReplayResult(
        file=f"reports/replay-churn-{night}.json", entry=night, night=day_of(night), identical=True
    )


NIGHTS = (2, 1, 0)
FULL = Evidence(
    model=MODEL,
    inputs=(SALES,),
    gates={
        table: tuple(gated(table, night) for night in NIGHTS) for table in ("features.churn", SALES.table)
    },
    versions=tuple(fitted(night, place) for night in reversed(NIGHTS) for place in range(3)),
    evaluations=tuple(judged(night, place) for night in NIGHTS for place in range(3)),
    entries=(
        entered(4, "returned", evaluation=None, reasons=(), evidence=()),
        entered(3, "returned", evaluation=None, reasons=(), evidence=()),
        entered(2),
        entered(1),
        entered(0, "first", approved_by="ann"),
    ),
    monitored=tuple(watched(night) for night in range(7)),
    shadows=tuple(shadowed(night) for night in NIGHTS),
    paired=tuple(day_of(night) for night in NIGHTS),
    incidents=tuple(opened(night) for night in NIGHTS),
    acts=(act("granted", "access.yaml"), act("read", SALES.table)),
    documents=frozenset({"contract", "packages"}),
    reports=("reports/backtest-churn-2026-01-01-2026-02-01.html",),
    replays=tuple(replayed(night) for night in NIGHTS),
    test_runs=tuple(tested(night) for night in NIGHTS),
)
