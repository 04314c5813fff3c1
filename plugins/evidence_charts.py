"""Charts of the evidence of sequential tests, day by day, with their threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from page_rendering import drawn

if TYPE_CHECKING:
    from markupsafe import Markup

    from contender.records import Book, Decision
    from contender.specs import ModelSpec


def draw_evidence(found: Decision, spec: ModelSpec, book: Book) -> list[Markup]:
    """Return a chart for each sequential test of a decision, with its figures as a table."""
    from contender.charts import draw_lines, show_chart, tabulate_lines
    from contender.promoting import trace

    charts = []
    for evidence in found.evidence:
        pairs = book.pairs.since(found.model, evidence.question, evidence.since)
        grown = trace(evidence, pairs, spec.race, spec.outcome_lag)
        about = (
            "for this recipe" if evidence.rival == found.challenger_recipe else f"for {evidence.rival[:8]}"
        )
        if evidence.question == "still":
            about = "against further refreshes"
        points = [(float(nth), value) for nth, (_, value) in enumerate(grown)]
        names = {float(nth): str(grown[nth][0]) for nth in sorted({0, len(grown) - 1}) if grown}
        bars = {f"threshold {evidence.bar:g}": evidence.bar}
        lines, title = {"evidence": points}, f"Evidence {about}"
        table = tabulate_lines(lines, {float(nth): str(day) for nth, (day, _) in enumerate(grown)})
        charts.append(drawn(show_chart(draw_lines(title, lines, names, log=True, bars=bars), title, *table)))
    return charts
