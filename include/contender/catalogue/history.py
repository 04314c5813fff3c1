"""What a model's page shows: why its champion serves, its served loss by day, drift verdicts, and its versions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from pydantic import Field

from contender.catalogue.promotions import Told, tell_decision
from contender.charts import Cell, Spot, draw_days, draw_strip, show_chart, tabulate_lines
from contender.records import CHANGING, Book, Decision, DriftVerdict, Entry, Evaluation, Monitored, PairedDay
from contender.specs.frozen import Frozen

DAYS, ENTRIES, EVALUATIONS = 120, 60, 250
LEVELS: dict[DriftVerdict, int] = {
    "stable": 0,
    "covariate_drift": 1,
    "broken_feed": 2,
    "concept_drift": 2,
    "regime_break": 2,
}


class ToldEntry(Frozen):
    """An entry of the ledger with its sentences."""

    decision: Decision
    told: Told


class ModelHistory(Frozen):
    """The newest records of a model."""

    model: str
    champion: int | None
    since: Decision | None = Field(description="the decision after which the champion serves")
    told: Told | None
    entries: tuple[ToldEntry, ...] = Field(description="newest first")
    monitored: tuple[Monitored, ...] = Field(description="oldest first; empty if the reader may not see them")
    evaluations: tuple[Evaluation, ...] = Field(default=(), repr=False)
    rivals: tuple[PairedDay, ...] = Field(
        default=(), description="newest paired days of rivals, oldest first"
    )


def read_history(book: Book, model: str, *, with_days: bool) -> ModelHistory:
    """Read the newest entries, evaluations and, `with_days`, monitored days of a model."""
    evaluations = book.evaluations.newest(model, EVALUATIONS)
    last = book.ledger.last_of(model, CHANGING)
    newest = book.monitored.newest_of(model) if with_days else None
    monitored: list[Monitored] = []
    if newest is not None:
        monitored = book.monitored.days_before(model, newest.day + timedelta(days=1), DAYS)
    known = {one.id: one for one in evaluations}
    return ModelHistory(
        model=model,
        champion=book.ledger.champion(model),
        since=None if last is None else last.decision,
        told=None if last is None else _tell(book, last, known).told,
        entries=tuple(_tell(book, entry, known) for entry in book.ledger.newest(model, ENTRIES)),
        monitored=tuple(monitored),
        evaluations=tuple(evaluations),
        rivals=tuple(book.pairs.since(model, "race", monitored[0].day)) if monitored else (),
    )


def read_promotions(book: Book, models: Collection[str], limit: int) -> tuple[ToldEntry, ...]:
    """Read the newest entries of these models, newest first."""
    return tuple(_tell(book, entry, {}) for entry in book.ledger.newest(models, limit))


def draw_history(history: ModelHistory) -> dict[str, str]:
    """Return the charts of a history as HTML by name: `loss` and `verdicts`, with their figures as tables."""
    if not history.monitored:
        return {}
    lines = {name: spots for name, spots in trace_losses(history).items() if spots}
    points = {name: [(spot.x, spot.y) for spot in spots] for name, spots in lines.items()}
    days = {float(day.toordinal()): str(day) for day in _days(history)}
    title = "Loss by day"
    cells = [Cell(one.day, one.verdict.replace("_", " "), LEVELS[one.verdict]) for one in history.monitored]
    rows = [(str(one.day), one.verdict.replace("_", " "), one.why, one.action) for one in history.monitored]
    verdicts = "Drift verdicts by day"
    return {
        "loss": show_chart(draw_days(title, lines), title, *tabulate_lines(points, days)),
        "verdicts": show_chart(
            draw_strip(verdicts, cells), verdicts, ("day", "verdict", "why", "action"), list(reversed(rows))
        ),
    }


def trace_losses(history: ModelHistory) -> dict[str, list[Spot]]:
    """Return the lines of the chart of losses: served, expected with its interval, the baseline's, and a rival's.

    A day's expected loss, its interval and the baseline's loss are those of the evaluation of the version that was
    serving then. The rival is that of the newest paired day.
    """
    of_version = _newest_by_version(history.evaluations)
    served, expected, baseline = [], [], []
    for one in history.monitored:
        x = float(one.day.toordinal())
        served.append(Spot(x, float("nan") if one.measures is None else one.measures.loss))
        evaluation = None if one.version is None else of_version.get(one.version)
        if evaluation is not None:
            measures, interval = evaluation.challenger_measures, evaluation.challenger_measures.loss_interval
            low, high = (None, None) if interval is None else (interval.low, interval.high)
            expected.append(Spot(x, measures.loss, low, high))
            baseline.append(Spot(x, evaluation.baseline_measures.loss))
    return {
        "served": served,
        "expected, 95 %": expected,
        "simple baseline": baseline,
        "newest rival": list(_trace_rival(history.rivals)),
    }


def _trace_rival(pairs: Sequence[PairedDay]) -> Iterator[Spot]:
    newest = pairs[-1].rival if pairs else None
    yield from (Spot(float(one.day.toordinal()), one.rival_loss) for one in pairs if one.rival == newest)


def _newest_by_version(evaluations: Sequence[Evaluation]) -> dict[int, Evaluation]:
    """Return the newest evaluation of each version; `evaluations` are newest first."""
    return {one.challenger.version: one for one in reversed(evaluations)}


def _days(history: ModelHistory) -> set[date]:
    return {one.day for one in history.monitored} | {one.day for one in history.rivals}


def _tell(book: Book, entry: Entry, known: dict[str, Evaluation]) -> ToldEntry:
    decision = entry.decision
    evaluation = (
        None
        if decision.evaluation is None
        else known.get(decision.evaluation) or book.evaluations.get(decision.evaluation)
    )
    return ToldEntry(decision=decision, told=tell_decision(decision, evaluation))
