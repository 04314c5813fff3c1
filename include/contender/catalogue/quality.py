"""The quality history of a table: the result of each check for each of its newest batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from contender.charts import Mark, draw_grid, show_chart
from contender.records import ExpectationResult, GateResult, Verdict

MOST_BATCHES, MOST_CHECKS = 60, 40
LEVELS: dict[Verdict, int] = {"pass": 0, "warn": 1, "fail": 2}
SHOWN: dict[Verdict, str] = {"pass": "passed", "warn": "warned", "fail": "failed"}
READING = "its files can be read, and it was not released by hand"

Link = Callable[[str], str]


class Check(NamedTuple):
    """A check, and its result for each batch; None if the batch was not checked for it."""

    name: str
    results: tuple[ExpectationResult | None, ...]

    @property
    def levels(self) -> list[int]:
        """The levels of its results, the worst first."""
        return sorted((LEVELS[one.verdict] for one in self.results if one is not None), reverse=True)


def list_checks(results: Sequence[GateResult]) -> list[Check]:
    """Return every check of these batches, which are oldest first: those that failed or warned most first.

    Otherwise the checks are in the order of the newest batch, and the checks of older contracts are last.
    """
    found = [_results_of(result) for result in results]
    names = dict.fromkeys(name for batch in reversed(found) for name in batch)
    checks = [Check(name, tuple(batch.get(name) for batch in found)) for name in names]
    return sorted(checks, key=lambda check: [-check.levels.count(level) for level in (2, 1)])


def describe_quality(results: Sequence[GateResult]) -> str:
    """Return in a sentence how many of these batches, which are oldest first, passed, and which failed."""
    if not results:
        return "No batch has been checked yet."
    counts = {verdict: [one for one in results if one.verdict == verdict] for verdict in LEVELS}
    parts = [f"{len(found)} {SHOWN[verdict]}" for verdict, found in counts.items() if found]
    told = f"Of the newest {len(results)} batches, {', '.join(parts)}."
    if failed := list(dict.fromkeys(one.days.key for one in reversed(counts["fail"]))):
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        told += f" Failed: {', '.join(failed[:3])}{more}."
    return told


def draw_quality(results: Sequence[GateResult], link: Link) -> str:
    """Return the heat map of these batches, which are oldest first, and its table; empty without a batch.

    `link` returns the address of a gate's page.
    """
    if not results:
        return ""
    checks, days = list_checks(results), [result.days.key for result in results]
    links = [link(result.id) for result in results]
    rows = {
        check.name: [_mark(one, to) for one, to in zip(check.results, links, strict=True)]
        for check in checks[:MOST_CHECKS]
    }
    title = "Checks by day"
    if len(checks) > MOST_CHECKS:
        title += f": {MOST_CHECKS} of {len(checks)}, those that failed most first"
    columns = ("days", "verdict", "rows", "warned or failed", "not checked", "checked at")
    behind = [_tabulate(*pair) for pair in zip(results, links, strict=True)]
    return show_chart(draw_grid(title, days, rows), "Checks by day", columns, list(reversed(behind)))


def _results_of(result: GateResult) -> dict[str, ExpectationResult]:
    """Return a batch's results by check; of several with one name, the worst."""
    ordered = sorted(result.expectations, key=lambda one: LEVELS[one.verdict])
    worst = {one.identity: one for one in ordered}
    found = {one.identity: worst[one.identity] for one in result.expectations}
    defects = sorted(result.defects, key=lambda one: LEVELS[one.severity])
    if defects:
        name, last = READING, defects[-1]
        found[name] = ExpectationResult(expectation=name, verdict=last.severity, observed=last.what)
    return found


def _mark(one: ExpectationResult | None, link: str) -> Mark:
    if one is None or not one.was_checked:
        return Mark("not checked", None, link)
    return Mark(SHOWN[one.verdict], LEVELS[one.verdict], link)


def _tabulate(result: GateResult, link: str) -> tuple[object, ...]:
    found = _results_of(result).items()
    return (
        Markup('<a href="{}">{}</a>').format(link, result.days.key),
        SHOWN[result.verdict],
        f"{result.rows:,}",
        "; ".join(f"{name}: {one.observed}" for name, one in found if one.verdict != "pass") or "–",
        sum(not one.was_checked for _, one in found) or "–",
        f"{result.at:%Y-%m-%d %H:%M} UTC",
    )
