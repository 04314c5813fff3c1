"""The generated tables of docs/PROMOTION.md, from the stored results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from benchmarks.promotion.plots import EVIDENCE, FALSE_PROMOTIONS, served_plot
from benchmarks.promotion.rows import Row
from contender.settings import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "promotion.json"
PAGE = PROJECT / "docs" / "PROMOTION.md"
BEGIN, END = "<!-- figures: made by `make bench-promotion` -->", "<!-- end of figures -->"


def read_results() -> list[Row]:
    """Return the stored results."""
    return [Row.model_validate(row) for row in json.loads(RESULTS.read_text())]


def replace(kept: Iterable[Row], found: Sequence[Row]) -> list[Row]:
    """Return the results, with every measured table in place of the stored one."""
    tables = {row.table for row in found}
    return [*(row for row in kept if row.table not in tables), *found]


def write_results(rows: Sequence[Row]) -> None:
    """Store results, one per line."""
    RESULTS.write_text("[\n" + ",\n".join(row.model_dump_json() for row in rows) + "\n]\n")


def render(rows: Sequence[Row]) -> str:
    """Return the tables and plots of the page; a table without results is left out."""
    parts = (_render_error, _render_power, _render_real_pairs, _render_served)
    return "\n".join(part for make in parts if (part := make(rows)))


def _render_error(rows: Sequence[Row]) -> str:
    of = [row for row in rows if row.table == "error" and row.nights in (60, 365)]
    if not of:
        return ""
    said = "### False promotions on simulated pairs\n\n"
    said += f"Share of {_runs(of, 'equal pairs')} in which the rival is ever promoted, with 95 % interval:"
    return _tabulate(said, of, _share, ": 60 / 365 nights", " / ") + _show(
        FALSE_PROMOTIONS, "Share of equal pairs in which the rival was ever promoted, by night and rule"
    )


def _render_power(rows: Sequence[Row]) -> str:
    of = [row for row in rows if row.table == "power"]
    if not of:
        return ""
    said = "### Days until a better rival is promoted\n\n"
    said += f"Median number of days until the rival is promoted, over {_runs(of, 'pairs')}, by gain in AUC:"
    return _tabulate(said, of, _median, ": +0.005, +0.01, +0.02", ", ") + _show(
        EVIDENCE, "Evidence of equal and better pairs by night, and the threshold"
    )


def _render_real_pairs(rows: Sequence[Row]) -> str:
    of = [row for row in rows if row.table == "real pairs"]
    if not of:
        return ""
    spans = {row.data: max(r.nights or 0 for r in of if r.data == row.data) for row in of}
    named = [row.model_copy(update={"data": f"{row.data}: 60 / {spans[row.data]} nights"}) for row in of]
    said = "### False promotions on real days\n\n"
    said += f"Share of {_runs(of, 'equal pairs')} in which the rival is ever promoted, with 95 % interval:"
    return _tabulate(said, named, _share, "", " / ")


def _render_served(rows: Sequence[Row]) -> str:
    of = [row for row in rows if row.table == "served"]
    parts = ["### Served loss\n"] if of else []
    for data in dict.fromkeys(row.data for row in of):
        those = [row for row in of if row.data == data]
        best = min(row.served_loss or 0.0 for row in those[:-1])
        parts += [
            f"`{data}`, {those[0].nights} days. Served loss is the mean Brier score over all rows:\n",
            "| rule | served loss | above the best rule | difference from Contender, 95 % interval | promotions |",
            "| --- | --- | --- | --- | --- |",
            *(_served_line(row, best) for row in those),
            _show(served_plot(data), f"Served loss of {data}, by month and rule"),
        ]
    return "\n".join(parts)


def _served_line(row: Row, best: float) -> str:
    loss = row.served_loss or 0.0
    apart = ""
    if row.effect and row.ci_low is not None and row.ci_high is not None:
        apart = f"{float(row.effect):+.5f} ({row.ci_low:+.5f} to {row.ci_high:+.5f})"
    promotions = "" if row.promotions is None else str(row.promotions)
    return f"| {row.rule} | {loss:.5f} | {100 * (loss / best - 1):+.2f} % | {apart} | {promotions} |"


def _tabulate(said: str, rows: Sequence[Row], cell: Callable[[Row], str], told: str, between: str) -> str:
    datas = list(dict.fromkeys(row.data for row in rows))
    lines = [
        "| rule | " + " | ".join(f"{data}{told}" for data in datas) + " |",
        "| --- |" + " --- |" * len(datas),
    ]
    for rule in dict.fromkeys(row.rule for row in rows):
        cells = [between.join(cell(r) for r in rows if (r.rule, r.data) == (rule, data)) for data in datas]
        lines.append(f"| {rule} | " + " | ".join(cells) + " |")
    return "\n".join([f"{said}\n", *lines, ""])


def _runs(rows: Sequence[Row], what: str) -> str:
    most, fewest = (pick(row.runs or 0 for row in rows) for pick in (max, min))
    return f"{most:,} {what}" + (f" ({fewest} for the tests over rows)" if fewest < most else "")


def _share(row: Row) -> str:
    if row.share_promoted is None or row.ci_low is None or row.ci_high is None:
        return ""
    return f"{100 * row.share_promoted:.1f} % ({100 * row.ci_low:.1f} to {100 * row.ci_high:.1f})"


def _median(row: Row) -> str:
    return f"over {row.nights}" if row.median_days is None else f"{row.median_days:.0f}"


def _show(file: str, words: str) -> str:
    return f"\n![{words}]({file})\n"
