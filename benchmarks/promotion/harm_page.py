"""The generated tables and plots of docs/GUARDS.md, from the stored results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.promotion.harm import (
    ALONE,
    ANY,
    ANY_HARMFUL,
    CHOSEN,
    HARMFUL,
    HEALTHY,
    INSTEAD,
    NOTHING,
    OURS,
    WEEKLY,
    WITHOUT,
)
from benchmarks.promotion.page import put_into
from benchmarks.promotion.rows import Row
from contender.charts import Span, draw_spans
from contender.settings import PROJECT

PAGE = PROJECT / "docs" / "GUARDS.md"
CADENCES = {HEALTHY: "nightly", WEEKLY: "weekly"}
BEGIN, END = "<!-- harm: made by `make bench-promotion` -->", "<!-- end of harm -->"


def render_harm(rows: Sequence[Row]) -> str:
    """Return a table and a plot for each model; an empty string without results."""
    of = [row for row in rows if row.table == "harm stopped"]
    return "\n".join(_render(data, of) for data in _datas(of))


def write(rows: Sequence[Row]) -> None:
    """Write the tables into the page."""
    PAGE.write_text(put_into(PAGE.read_text(), render_harm(rows), BEGIN, END))


def draw_harm(rows: Sequence[Row]) -> Mapping[str, str]:
    """Return the plot of each model, by file name."""
    of = [row for row in rows if row.table == "harm stopped"]
    return {_plot(data): _draw(data, [row for row in of if row.data == data]) for data in _datas(of)}


def _datas(rows: Sequence[Row]) -> list[str]:
    return [data for data in dict.fromkeys(row.data for row in rows) if CHOSEN not in data]


def _render(data: str, of: Sequence[Row]) -> str:
    rows = [row for row in of if row.data == data]
    earlier = [row for row in of if row.data == f"{data}, {CHOSEN}"]
    tried = pick_row(rows, ANY, OURS)
    poisons = dict.fromkeys(str(row.effect) for row in rows if row.effect not in (HEALTHY, WEEKLY))
    return "\n".join(
        [
            f"`{data}`: {_describe_healthy(rows)} healthy refreshes were promoted, and of the earlier ones that were "
            f"used to choose the bounds, {_describe_healthy(earlier)}.{_name_held((*rows, *earlier))} Corruptions were "
            f"tried on {tried.nights} nights.\n",
            "| training rows of the night | blocked | blocked without the `history` guard | "
            "blocking guards, with number of refreshes | "
            "loss after the worst night: no guards / guards / healthy refresh |",
            "| --- | --- | --- | --- | --- |",
            *(_line(poison, [row for row in rows if row.effect == poison]) for poison in poisons),
            f"\n![Loss after the worst night of {data}, by corruption]({_plot(data)})\n",
        ]
    )


def _describe_healthy(rows: Sequence[Row]) -> str:
    """Return the promoted share of healthy refreshes, by cadence."""
    found = {row.effect: row for row in rows if row.effect in CADENCES and row.rule == OURS}
    return " and ".join(
        f"{describe_promoted(row)} of {row.runs} {CADENCES[str(effect)]}" for effect, row in found.items()
    )


def _name_held(rows: Sequence[Row]) -> str:
    """Name the guards that blocked healthy refreshes, with their number."""
    held: dict[str, int] = {}
    for row in rows:
        if row.effect in (HEALTHY, WEEKLY) and row.rule.endswith(ALONE):
            guard = row.rule.removesuffix(ALONE)
            held[guard] = held.get(guard, 0) + _blocked(row)
    named = ", ".join(f"{guard} {held[guard]}" for guard in sorted(held, key=lambda guard: -held[guard]))
    return f" Healthy refreshes were blocked by: {named}." if held else ""


def _line(poison: str, rows: Sequence[Row]) -> str:
    ours, without = pick_row(rows, poison, OURS), pick_row(rows, poison, WITHOUT)
    alone = {r.rule.removesuffix(ALONE): _blocked(r) for r in rows if r.rule.endswith(ALONE)}
    who = ", ".join(f"{guard} {alone[guard]}" for guard in sorted(alone, key=lambda guard: -alone[guard]))
    losses = " / ".join(f"{_loss(rows, poison, rule):.4f}" for rule in (NOTHING, OURS, INSTEAD))
    named = f"{poison} (loss over {HARMFUL:.0%} higher)" if poison == ANY_HARMFUL else poison
    return f"| {named} | {describe_blocked(ours)} | {describe_blocked(without)} | {who} | {losses} |"


def _draw(data: str, rows: Sequence[Row]) -> str:
    spans = []
    for poison in dict.fromkeys(
        str(row.effect) for row in rows if row.effect not in (HEALTHY, WEEKLY, ANY, ANY_HARMFUL)
    ):
        usual = _loss(rows, poison, INSTEAD)
        ours, nothing = (100 * (_loss(rows, poison, rule) / usual - 1) for rule in (OURS, NOTHING))
        spans.append(Span(poison, ours, min(ours, nothing), max(ours, nothing)))
    title = f"{data}, worst night: % of loss above a healthy refresh; dot: guards, end of line: no guards"
    return draw_spans(title, spans)


def _plot(data: str) -> str:
    return f"guards-{data.replace('_', '-')}.svg"


def pick_row(rows: Sequence[Row], poison: str, rule: str) -> Row:
    """Return the row of a corruption and a rule."""
    (row,) = (row for row in rows if (row.effect, row.rule) == (poison, rule))
    return row


def _loss(rows: Sequence[Row], poison: str, rule: str) -> float:
    loss = pick_row(rows, poison, rule).served_loss
    assert loss is not None
    return loss


def describe_promoted(row: Row) -> str:
    """Return the promoted share and its interval."""
    share, low, high = _promoted(row)
    return f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def _blocked(row: Row) -> int:
    assert row.runs is not None
    assert row.promotions is not None
    return row.runs - row.promotions


def describe_blocked(row: Row) -> str:
    """Return the blocked share, the number of runs, and the interval."""
    share, low, high = _promoted(row)
    return f"{100 * (1 - share):.0f} % of {row.runs} ({100 * (1 - high):.0f} to {100 * (1 - low):.0f})"


def _promoted(row: Row) -> tuple[float, float, float]:
    """The promoted share and its confidence interval, which every row with runs has."""
    assert row.share_promoted is not None
    assert row.ci_low is not None
    assert row.ci_high is not None
    return row.share_promoted, row.ci_low, row.ci_high
