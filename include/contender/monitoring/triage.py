"""What a night's figures mean, and what is to follow: pure functions of records."""

from __future__ import annotations

from contender.monitoring.drift import Drift
from contender.monitoring.performance import Performance
from contender.records import Book, DriftVerdict, Monitored, identify
from contender.specs import ModelSpec, Monitoring

ACTIONS: dict[DriftVerdict, str] = {
    "stable": "none",
    "broken_feed": "features arrive empty: ask the owners of the inputs; scores of these days are doubtful",
    "covariate_drift": "inputs moved, scores hold: watch; nightly refreshes learn the new inputs",
    "concept_drift": "scores fell while inputs stayed: look at the labels, then at the recipe",
    "regime_break": "inputs and scores broke together: read the report today; consider a shorter window",
}


def triage(performance: Performance, drift: Drift, watch: Monitoring) -> DriftVerdict:
    """Conclude from a day's performance and its features' drift.

    A feature that arrives empty comes first: all else may follow from it. A figure that could not be had
    counts as unchanged.
    """
    if drift.emptied:
        return "broken_feed"
    moved = drift.share is not None and drift.share > watch.max_drifted_share
    if moved and _worse(performance, watch):
        return "regime_break"
    if moved:
        return "covariate_drift"
    return "concept_drift" if _worse(performance, watch) else "stable"


def conclude(model: ModelSpec, performance: Performance, drift: Drift, run: str) -> Monitored:
    """The record of a monitored day."""
    verdict = triage(performance, drift, model.monitoring)
    return Monitored(
        id=identify("monitored", model.name, performance.day, run),
        model=model.name,
        day=performance.day,
        version=performance.version,
        measures=performance.measures,
        expected_loss=performance.expected_loss,
        drifted_share=drift.share,
        drifted=drift.drifted,
        verdict=verdict,
        action=_action(verdict, performance),
        report=drift.report,
    )


def keep_conclusion(
    model: ModelSpec, performance: Performance, drift: Drift, run: str, book: Book
) -> Monitored:
    """Conclude on a monitored day and keep the record in the book."""
    monitored = conclude(model, performance, drift, run)
    book.monitored.add(monitored)
    return monitored


def _worse(performance: Performance, watch: Monitoring) -> bool:
    if performance.measures is None or performance.expected_loss is None:
        return False
    return performance.measures.loss > watch.max_loss_ratio * performance.expected_loss


def _action(verdict: DriftVerdict, performance: Performance) -> str:
    if verdict == "stable" and performance.measures is None:
        return "none; nothing had been scored for that day"
    return ACTIONS[verdict]
