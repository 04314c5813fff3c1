"""The verdict of monitoring and the recommended action, as pure functions of records."""

from __future__ import annotations

from contender.monitoring.drift import Drift
from contender.monitoring.performance import Performance
from contender.records import Book, DriftVerdict, Monitored, identify
from contender.specs import ModelSpec, Monitoring

ACTIONS: dict[DriftVerdict, str] = {
    "stable": "none",
    "broken_feed": "features are empty: ask the owners of the inputs; predictions of these days are unreliable",
    "covariate_drift": "inputs drifted, the loss did not rise: watch; nightly refreshes adapt to the new inputs",
    "concept_drift": "the loss rose without drift of the inputs: check the labels, then the recipe",
    "regime_break": "inputs drifted and the loss rose: read the report today; consider a shorter window",
}


def triage(performance: Performance, drift: Drift, watch: Monitoring) -> DriftVerdict:
    """Return the verdict on a day from its performance and its features' drift.

    An empty feature comes first, because it may cause all other changes. A missing figure counts as unchanged.
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
    """Return the record of a monitored day."""
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
    """Give the verdict on a day, and store the record in the book."""
    monitored = conclude(model, performance, drift, run)
    book.monitored.add(monitored)
    return monitored


def _worse(performance: Performance, watch: Monitoring) -> bool:
    if performance.measures is None or performance.expected_loss is None:
        return False
    return performance.measures.loss > watch.max_loss_ratio * performance.expected_loss


def _action(verdict: DriftVerdict, performance: Performance) -> str:
    if verdict == "stable" and performance.measures is None:
        return "none; nothing was scored for that day"
    return ACTIONS[verdict]
