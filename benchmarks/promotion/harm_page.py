"""The generated tables and plots of docs/GUARDS.md on corrupted rows and held refreshes, from the stored results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.keeping import put_into
from benchmarks.promotion.harm import (
    ALONE,
    ANY,
    ANY_HARMFUL,
    CHOSEN,
    HARMFUL,
    HEALTHY,
    HELD,
    INSTEAD,
    NOTHING,
    OURS,
    WEEKLY,
    WITHOUT,
)
from benchmarks.promotion.rows import Row, count
from contender.charts import Span, draw_spans
from contender.settings import PROJECT

PAGE = PROJECT / "docs" / "GUARDS.md"
CADENCES = {HEALTHY: "nightly", WEEKLY: "weekly"}
BEGIN, END = "<!-- harm: made by `make bench-promotion` -->", "<!-- end of harm -->"
BEGIN_HELD, END_HELD = "<!-- held: made by `make bench-promotion` -->", "<!-- end of held -->"


def render_harm(rows: Sequence[Row]) -> str:
    """Return the sums of both models, and a table and a plot for each; an empty string without results."""
    of = [row for row in rows if row.table == "harm stopped"]
    return "\n".join([*_sum(of), *(_render(data, of) for data in _datas(of))])


def render_held(rows: Sequence[Row]) -> str:
    """Return the loss of held refreshes, and a table of the loss of older ones; an empty string without results."""
    of = [row for row in rows if row.table == "held"]
    datas = list(dict.fromkeys(row.data for row in of))
    later = dict.fromkeys(row.rule for row in of if row.rule != HELD)
    if not later:
        return ""
    return "\n".join(
        [
            *(f"- {_describe_held(row)}" for row in of if row.rule == HELD),
            "",
            "| loss in the following seven days, compared with the refresh of the night | "
            + " | ".join(f"`{data}`" for data in datas)
            + " |",
            "| --- |" + " --- |" * len(datas),
            *(
                f"| {rule} | "
                + " | ".join(_describe_later(_pick_of(of, data, rule)) for data in datas)
                + " |"
                for rule in later
            ),
            "",
        ]
    )


def put_all(page: str, rows: Sequence[Row]) -> str:
    """Return the page with the tables of these results."""
    page = put_into(page, render_harm(rows), BEGIN, END)
    return put_into(page, render_held(rows), BEGIN_HELD, END_HELD)


def write(rows: Sequence[Row]) -> None:
    """Write the tables into the page."""
    PAGE.write_text(put_all(PAGE.read_text(), rows))


def draw_harm(rows: Sequence[Row]) -> Mapping[str, str]:
    """Return the plot of each model, by file name."""
    of = [row for row in rows if row.table == "harm stopped"]
    return {_plot(data): _draw(data, [row for row in of if row.data == data]) for data in _datas(of)}


def _datas(rows: Sequence[Row]) -> list[str]:
    return [data for data in dict.fromkeys(row.data for row in rows) if CHOSEN not in data]


def _sum(of: Sequence[Row]) -> list[str]:
    """Return the sums of all models, as a list; empty without results."""
    if not of:
        return []
    healthy, poisoned, harmful = (
        _add([row for row in of if row.effect in effects and row.rule == OURS])
        for effects in ((HEALTHY, WEEKLY), (ANY,), (ANY_HARMFUL,))
    )
    return [
        f"Both models: {describe_promoted(healthy)} of {healthy.runs} healthy refreshes were promoted. "
        f"{describe_blocked(poisoned)} corrupted ones were blocked, and {describe_blocked(harmful)} of those that "
        f"would have lost over {HARMFUL:.0%} more than the healthy refresh of the night.\n"
    ]


def _add(rows: Sequence[Row]) -> Row:
    """Return the sum of rows, with the interval of its share."""
    runs, promoted = sum(row.runs or 0 for row in rows), sum(row.promotions or 0 for row in rows)
    return rows[0].model_copy(update=count(promoted, runs))


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


def _describe_held(row: Row) -> str:
    held = f"`{row.data}`: {_blocked(row)} of {row.runs} healthy refreshes were held."
    if not isinstance(row.effect, float):
        return held
    return (
        f"{held} Had they served, the loss of the following seven days would have differed from the champion's by "
        f"{100 * row.effect:+.2f} % on average."
    )


def _describe_later(row: Row) -> str:
    assert isinstance(row.effect, float)
    assert row.ci_low is not None
    assert row.ci_high is not None
    low, high = (f"{100 * end:+.2f}" for end in (row.ci_low, row.ci_high))
    return f"{100 * row.effect:+.2f} % ({low} to {high}), {row.nights} weeks"


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


def _pick_of(rows: Sequence[Row], data: str, rule: str) -> Row:
    (row,) = (row for row in rows if (row.data, row.rule) == (data, rule))
    return row


def _loss(rows: Sequence[Row], poison: str, rule: str) -> float:
    loss = pick_row(rows, poison, rule).served_loss
    assert loss is not None
    return loss


def describe_promoted(row: Row) -> str:
    """Return the promoted share and its interval."""
    share, low, high = _promoted(row)
    return f"{100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


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
