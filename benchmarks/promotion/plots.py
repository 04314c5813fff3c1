"""The plots of docs/PROMOTION.md, as SVG, from the stored results; evidence is simulated again from its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from benchmarks.promotion.pairs import make_differences
from benchmarks.promotion.rows import Row
from benchmarks.promotion.rules import ALPHA, BAR, evidence_by_night
from benchmarks.promotion.simulated import DRAWN
from contender.charts import Points, draw_lines

EVIDENCE, FALSE_PROMOTIONS = "promotion-evidence.svg", "promotion-false.svg"
NIGHTS = 200
SHOWN = (
    "sequential test",
    "bets on single days (rule 1)",
    "lower loss over 7 days",
    "paired t-test, 5 %",
    "DeLong test, 7 days, 5 %",
    "row bootstrap, 7 days, 5 %",
)


def draw_all(rows: Sequence[Row]) -> Mapping[str, str]:
    """Return every plot that has results, by file name."""
    drawn = {EVIDENCE: draw_evidence(), FALSE_PROMOTIONS: _draw_false_promotions(rows)}
    for data in dict.fromkeys(row.data for row in rows if row.table == "served by month"):
        drawn[served_plot(data)] = _draw_served(rows, data)
    return drawn


def served_plot(data: str) -> str:
    """Return the file name of the plot of a model's served loss."""
    return f"promotion-served-{data.replace(', refitted ', '-')}.svg"


def draw_evidence() -> str:
    """Draw the evidence of four equal pairs and of three better ones, by night."""
    equal = evidence_by_night(make_differences(DRAWN, 0.0, 4, NIGHTS, seed=11), 1)[0]
    lines: dict[str, Points] = {f"equal pair {n}": _by_night(line) for n, line in enumerate(equal, start=1)}
    for gain in (0.005, 0.01, 0.02):
        (line,) = evidence_by_night(make_differences(DRAWN, gain, 1, NIGHTS, seed=12), 1)[0]
        lines[f"AUC higher by {gain}"] = _by_night(line)
    return draw_lines(
        f"Evidence of simulated pairs, {DRAWN}",
        lines,
        _ticks(NIGHTS, 50),
        log=True,
        bars={f"{BAR:.1f}: promote": BAR},
        y_name="evidence for the rival by night, starting at 1; it is promoted at the threshold",
    )


def _draw_false_promotions(rows: Sequence[Row]) -> str:
    of = [row for row in rows if row.table == "error" and row.data == DRAWN]
    lines = {
        rule: [(float(r.nights or 0), 100 * (r.share_promoted or 0.0)) for r in of if r.rule == rule]
        for rule in SHOWN
        if any(row.rule == rule for row in of)
    }
    return draw_lines(
        f"False promotions when testing every night: {DRAWN}",
        lines,
        _ticks(365, 60),
        bars={f"{ALPHA:.0%}": 100 * ALPHA},
        y_name="% of equal pairs in which the rival was ever promoted, by night",
    )


def _draw_served(rows: Sequence[Row], data: str) -> str:
    of = [row for row in rows if row.table == "served by month" and row.data == data]
    months = sorted({str(row.effect) for row in of})
    names = {float(n): date.fromisoformat(f"{month}-01").strftime("%b") for n, month in enumerate(months)}
    lines = {
        rule: [(float(months.index(str(r.effect))), r.served_loss or 0.0) for r in of if r.rule == rule]
        for rule in dict.fromkeys(row.rule for row in of)
    }
    return draw_lines(
        f"Served loss of {data}",
        lines,
        names,
        y_name="mean Brier score of all rows by month; lower is better",
    )


def _by_night(line: Sequence[float]) -> Points:
    return [(float(night), float(value)) for night, value in enumerate(line, start=1)]


def _ticks(last: int, step: int) -> Mapping[float, str]:
    return {float(night): f"night {night}" for night in range(step, last + 1, step)}
