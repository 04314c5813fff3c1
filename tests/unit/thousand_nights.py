"""A book of a thousand nights, and one of ten of them, written in bulk through the real rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from contender.records import (
    Act,
    Alert,
    Book,
    Caveat,
    ColumnProfile,
    DayAgreement,
    DayProfile,
    DayReturn,
    Decision,
    Evaluation,
    FitVerdict,
    GateResult,
    Incident,
    IncidentEvent,
    Monitored,
    PairedDay,
    Pin,
    Proposal,
    Publication,
    Step,
    TaskUse,
    TrainedVersion,
)
from contender.records.documents import Document, fingerprint_text
from contender.records.incidents import event_row
from contender.records.ledger import LedgerRow, sealed_row
from contender.records.tables import Base
from contender.records.trained_versions import insert_trained
from contender.specs import Days
from tests.unit.judged import evaluation, version

MODELS = ("departing", "returning")
TABLE = "datasets.flights"
FIRST = date(2020, 1, 1)
NIGHTS = 1000
# Of the ten nights some are the first, which a thousand newer ones must not hide.
TEN = (*range(5), *range(NIGHTS - 5, NIGHTS))


def day_of(night: int) -> date:
    return FIRST + timedelta(days=night)


def time_of(night: int, minutes: int = 0) -> datetime:
    return datetime.combine(day_of(night), datetime.min.time(), UTC) + timedelta(minutes=minutes)


def trained(model: str, night: int, recipe: int) -> TrainedVersion:
    """A version of a night: two a night, one of each recipe."""
    made = version(2 * night + recipe, last=day_of(night) - timedelta(days=7), recipe=f"r{recipe}")
    week = Days(first=made.trained_on.last - timedelta(days=6), last=made.trained_on.last)
    changed = {
        "model": model,
        "night": day_of(night),
        "trained_on": week,
        "pins": (Pin(table=f"features.{model}", snapshot=2**60 + night),),
    }
    return made.model_copy(update=changed)


def judged(model: str, night: int, recipe: int) -> Evaluation:
    """A version against the refresh of the night before, the serving version."""
    return evaluation(
        id=f"{model}-{night}-{recipe}",
        model=model,
        night=day_of(night),
        challenger=trained(model, night, recipe),
        champion=trained(model, night - 1, 1) if night else None,
        at=time_of(night, recipe),
    )


def decided(model: str, night: int) -> Decision:
    """Each night's refresh serves; a person rolled back in night 3."""
    by_hand = {"by": "ann", "why": "refunds went up"} if night == 3 else {}
    kind = "first" if night == 0 else "rolled_back" if night == 3 else "refreshed"
    return Decision(
        id=f"{model[0]}-{night:04}",
        model=model,
        night=day_of(night),
        kind=kind,
        evaluation=f"{model}-{night}-1",
        champion_before=2 * night - 1 if night else None,
        champion_after=2 * night + 1,
        challenger=2 * night + 1,
        reasons=(),
        at=time_of(night, 5),
        **by_hand,
    )


def gated(table: str, night: int, minutes: int, verdict: str) -> GateResult:
    return GateResult(
        id=f"{table} {night} {minutes}",
        table=table,
        owner="a@b.example",
        days=Days.one(day_of(night)),
        run="r",
        verdict=verdict,
        rows=1,
        fingerprint=f"batch {night}",
        expectations=(),
        at=time_of(night, minutes),
    )


def acted(kind: str, about: str, key: str, night: int, minutes: int, **detail: object) -> Act:
    return Act(
        id=f"{kind} {night} {minutes}",
        kind=kind,
        about=about,
        key=key,
        by="ann" if kind != "read" else "ben",
        reason="so",
        detail=detail,
        at=time_of(night, minutes),
    )


def acts_of(night: int) -> list[Act]:
    """Page views every night; a release, a backfill, a migration and two erasures in the first nights alone."""
    acts = [acted("read", TABLE, f"gate {night}", night, minutes) for minutes in range(3)]
    if night == 1:
        acts.append(acted("released", TABLE, "batch 1", 1, 10, days=str(day_of(1))))
        acts.append(acted("backfilled", "flights", str(day_of(0)), 1, 11))
        acts.append(acted("migrated", TABLE, "version 1 to 2", 1, 12, state="begun"))
    if night == 2:
        acts.append(acted("erased", "lake", "left", 2, 10, state="begun"))
        acts.append(acted("erased", "lake", "finished", 2, 11, state="begun"))
        acts.append(acted("erased", "lake", "finished", 2, 12, state="done"))
    return acts


def gates_of(night: int) -> list[GateResult]:
    """A batch of each table passes every night; that of the first night failed before."""
    failed = [gated(TABLE, 0, 1, "fail")] if night == 0 else []
    return failed + [gated(table, night, 2, "pass") for table in (TABLE, *(f"features.{m}" for m in MODELS))]


def of_model(model: str, night: int) -> dict[str, list[Any]]:
    """What a night keeps of a model."""
    decision = decided(model, night)
    return {
        "evaluations": [judged(model, night, recipe) for recipe in (1, 2)],
        "caveats": [
            Caveat(
                id=f"{model}-{night}",
                model=model,
                version=2 * night + 1,
                kind="superseded",
                table=TABLE,
                days=Days.one(day_of(night)),
                why="corrected",
                at=time_of(night),
            )
        ],
        "agreements": [
            DayAgreement(
                id=f"agreement {model} {night}",
                model=model,
                day=day_of(night),
                compared=True,
                level=0.1,
                slope=1.0,
                at=time_of(night),
            )
        ],
        "fit_verdicts": [
            FitVerdict(
                model=model,
                night=day_of(night),
                due=person is not None,
                why="weekly",
                asked_by=person,
                at=time_of(night),
            )
            for person in ((None, "ann") if night == 2 else (None,))
        ],
        "returns": [
            DayReturn(
                model=model,
                day=day_of(night),
                night=day_of(night),
                rows=100,
                version=1,
                value=2.0,
                baseline_value=1.0,
                before=None,
                before_value=None,
                at=time_of(night),
            )
        ],
        "task_uses": [
            TaskUse(
                subject=model,
                dag=f"score__{model}",
                run="run",
                task="score",
                number=1,
                night=day_of(night),
                cpu_seconds=1.0,
                wall_seconds=1.0,
                peak_bytes=1,
                at=time_of(night),
            )
        ],
        "monitored": [
            Monitored(
                id=f"{model}-{night}",
                model=model,
                day=day_of(night),
                version=2 * night + 1,
                measures=None,
                expected_loss=0.1,
                drifted_share=0.0,
                verdict="stable",
                action="none",
                at=time_of(night),
            )
        ],
        "pairs": [
            PairedDay(
                id=f"{model}-{night}-{question}",
                model=model,
                question=question,
                day=day_of(night),
                incumbent="r1",
                rival="r2",
                incumbent_version=2 * night + 1,
                rival_version=2 * night + 2,
                incumbent_loss=0.1,
                rival_loss=0.2,
                rows=10,
                at=time_of(night),
            )
            for question in ("race", "still")
        ],
        "proposals": [
            Proposal(
                decision=decision,
                asked=time_of(night),
                deadline=time_of(night, 600),
                form="https://airflow.example",
                state="waiting" if night == 1 else "approved",
            )
        ],
    }


def incident_of(night: int) -> Incident:
    """One incident a night: the second is still open, the last but one was closed, the others have recovered."""
    return Incident(
        id=f"incident {night}",
        kind="task",
        cause=Step(dag="ingest__flights", days=Days.one(day_of(night))),
        what="failed",
        severity="warning",
        owners=("a@b.example",),
        state={1: "open", NIGHTS - 2: "closed"}.get(night, "recovered"),
        opened=time_of(night),
        changed=time_of(night),
    )


def event_of(night: int) -> IncidentEvent:
    return IncidentEvent(
        id=f"opened {night}", incident=f"incident {night}", kind="opened", what="failed", at=time_of(night)
    )


def of_tables(night: int) -> dict[str, list[Any]]:
    """What a night keeps of a table, and what people did and were sent."""
    text = f"contract {night}"
    return {
        "acts": acts_of(night),
        "gates": gates_of(night),
        "alerts": [
            Alert(
                id=f"mail {night}",
                kind="gate",
                about=TABLE,
                to=("a@b.example",),
                subject="s",
                text="t",
                html="h",
                state={1: "pending", 3: "held"}.get(night, "sent"),
                at=time_of(night),
            )
        ],
        "incidents": [incident_of(night)],
        "documents": [Document(id=fingerprint_text(text), kind="contract", text=text, at=time_of(night))],
        "profiles": [
            DayProfile(
                id=f"profile {night}",
                table=TABLE,
                day=day_of(night),
                rows=1,
                columns={"delay": ColumnProfile(rows=1, nulls=0)},
                at=time_of(night),
            )
        ],
        "publications": [
            published(f"publication {night}", Days.one(day_of(night)), night),
            # The history of the first nights was published at once.
            *([published("history", Days(first=day_of(0), last=day_of(2)), 2)] if night == 2 else []),
        ],
    }


def published(name: str, days: Days, night: int) -> Publication:
    return Publication(id=name, table=TABLE, days=days, run="r", rows=1, fingerprint="f", at=time_of(night))


@cache
def all_entries() -> dict[int, list[LedgerRow]]:
    """The ledgers' rows by night, each sealed with the one before it."""
    entries: dict[int, list[LedgerRow]] = {night: [] for night in range(NIGHTS)}
    for model in MODELS:
        seal = ""
        for night in range(NIGHTS):
            row = sealed_row(decided(model, night), night, seal)
            row.at, seal = time_of(night, 5), row.seal
            entries[night].append(row)
    return entries


KILLED = 3  # the night whose publication was killed before it was confirmed


def rows_of(book: Book, nights: Collection[int]) -> Iterator[Base]:
    """The rows that keep the records of these nights."""
    for night in nights:
        parts = [of_tables(night), *(of_model(model, night) for model in MODELS)]
        for part in parts:
            for name, records in part.items():
                for record in records:
                    row = getattr(book, name).row_of(record)
                    if name == "publications":
                        row.state = "intended" if night == KILLED else "committed"
                    yield row
        yield event_row(event_of(night))
        for row in all_entries()[night]:
            columns = {column.key: getattr(row, column.key) for column in LedgerRow.__table__.columns}
            yield LedgerRow(**columns)


def write_nights(url: str, book: Book, nights: Collection[int]) -> None:
    """Write all records of these nights in one transaction."""
    engine = create_engine(url)
    with Session(engine) as session, session.begin():
        session.add_all(rows_of(book, nights))
        insert_trained((trained(m, n, r) for m in MODELS for n in nights for r in (1, 2)), session)
    engine.dispose()
