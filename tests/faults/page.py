"""The page docs/FAULTS.md: what the simulator does, and what became of the nights of a campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tests.faults.campaign import Count, Tally
from tests.faults.injection import KINDS
from tests.faults.invariants import INVARIANTS
from tests.faults.store_calls import PATCHED, SEND
from tests.faults.tasks import NIGHTLY, RELEASED

BEGIN, END = "<!-- results of tests.faults -->", "<!-- end -->"
COLUMNS = (*KINDS, "twice at once")


def render_results(tally: Tally) -> str:
    """Return the generated part of the page."""
    tasks = list(dict.fromkeys(task.title for task in (*RELEASED, *NIGHTLY)))
    calls = [f"{when} {call.name}" for call in (*PATCHED, SEND) for when in ("before", "after")]
    cells = _by_cell(tally.faults)
    return "\n".join(
        [
            f"{sum(tally.nights.values()):,} nights ({_list(tally.nights)}) in {tally.cpu_seconds:,.0f} seconds of CPU "
            f"time; {len(tally.broken)} broke an invariant.",
            "",
            "### By task",
            "",
            *_table("task", tasks, cells),
            "",
            "### By store call",
            "",
            *_table("store call", calls, cells, KINDS),
            "",
            "### Invariants",
            "",
            *(f"- `{invariant.__name__}`: {_first_line(invariant.__doc__)}" for invariant in INVARIANTS),
            "",
        ]
    )


def _by_cell(faults: Mapping[Count, int]) -> dict[tuple[str, str], Counter[str]]:
    cells: dict[tuple[str, str], Counter[str]] = {}
    for count, number in faults.items():
        cells.setdefault((count.place, count.kind), Counter())[count.outcome] += number
    return cells


def _table(
    title: str,
    places: Iterable[str],
    cells: Mapping[tuple[str, str], Counter[str]],
    columns: Sequence[str] = COLUMNS,
) -> list[str]:
    lines = [f"| {title} | {' | '.join(columns)} |", f"| --- |{' --- |' * len(columns)}"]
    for place in places:
        found = [_cell(cells.get((place, column), Counter())) for column in columns]
        if any(cell != "–" for cell in found):
            lines.append(f"| {place} | {' | '.join(found)} |")
    return lines


def _cell(outcomes: Counter[str]) -> str:
    shown = [f"{count} {outcome}" for outcome, count in sorted(outcomes.items()) if count]
    return ", ".join(shown) or "–"


def _list(nights: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} with {what}" for what, count in sorted(nights.items()))


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().splitlines()[0]
