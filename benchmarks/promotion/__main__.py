"""How often each rule promotes a recipe that is no better, and how soon one that is, looking every night.

python -m benchmarks.promotion             both tables; results in benchmarks/results/promotion.json, docs/PROMOTION.md
python -m benchmarks.promotion --runs 50   smaller, for a look; nothing is kept

Pairs of models are made up (see `pairs.py`), so that what is true is known. All draws are seeded.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from benchmarks.promotion.bets import Floats, Way, agrapa, bernstein, fixed, plug_in
from benchmarks.promotion.pairs import LAG, Kind, make_differences
from benchmarks.promotion.rows import Row, count
from contender.promoting.race import accumulate, settled
from contender.settings import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "promotion.json"
PAGE = PROJECT / "docs" / "PROMOTION.md"
BEGIN, END = "<!-- figures: made by `make bench-promotion` -->", "<!-- end of figures -->"
ALPHA, BAR, FEWEST_DAYS = 0.05, 20.0, 5
KINDS: tuple[Kind, ...] = ("even days", "calm and stormy weeks", "spells", "labels after 7 days")
ROWS = {"labels after 7 days": 300}
GAINS = (0.005, 0.01, 0.02)

Promotes = Callable[[Floats, int], NDArray[np.bool_]]


def race(differences: Floats, lag: int) -> NDArray[np.bool_]:
    """On which nights the race of the project promotes."""
    return settled(accumulate(differences, BAR, lag), BAR, lag)


def bet(way: Way) -> Promotes:
    """The same with another way to bet."""
    return lambda differences, lag: settled(way.evidence(differences, lag), BAR, lag)


def higher(days: int) -> Promotes:
    """Whenever the rival's mean loss over the newest days is lower."""

    def promotes(differences: Floats, _: int) -> NDArray[np.bool_]:
        sums = np.cumsum(differences, axis=-1)
        sums[:, days:] = sums[:, days:] - sums[:, :-days].copy()
        sums[:, : days - 1] = 0.0
        return sums > 0

    return promotes


def t_test(differences: Floats, _: int) -> NDArray[np.bool_]:
    """Whenever a one-sided paired t test over all days so far says 5 %."""
    days = np.arange(1, differences.shape[-1] + 1)
    mean = np.cumsum(differences, axis=-1) / days
    square = np.cumsum(differences**2, axis=-1) / days
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(np.maximum(square - mean**2, 0) / np.maximum(days - 1, 1))
        found = mean / error > student.ppf(1 - ALPHA, np.maximum(days - 1, 1))
    return found & (days >= FEWEST_DAYS)


RULES: Mapping[str, Promotes] = {
    "the race": race,
    "better today": higher(1),
    "better over 7 days": higher(7),
    "paired t over days, 5 %": t_test,
    "mixture, cut at 3": bet(Way(fixed(0.05, 0.1, 0.2, 0.4, 0.8), 3.0)),
    "aGRAPA, cut at 2": bet(Way(agrapa(0.9), 2.0, 3)),
    "plug-in, cut at 2": bet(Way(plug_in(0.9), 2.0, 3)),
    "Bernstein, cut at 3": bet(Way(fixed(0.05, 0.1, 0.2, 0.4, 0.8), 3.0, 5, bernstein)),
}


def measure_error(runs: int) -> Iterator[Row]:
    """The share of equal pairs that a rule promotes in 60 and in 365 nights."""
    for kind in KINDS:
        differences = make_differences(kind, 0.0, runs, 365, seed=1, rows=ROWS.get(kind, 900))
        for name, promotes in RULES.items():
            nights = promotes(differences, LAG.get(kind, 1))
            for span in (60, 365):
                promoted = int(nights[:, :span].any(axis=-1).sum())
                yield Row(
                    table="error", rule=name, data=kind, nights=span, effect=0.0, **count(promoted, runs)
                )
        _tell(f"equal pairs, {kind}")


def measure_power(runs: int) -> Iterator[Row]:
    """The median of days, of 200, until a rule promotes a recipe that is better by so much AUC."""
    for kind in KINDS:
        for gain in GAINS:
            differences = make_differences(kind, gain, runs, 200, seed=2, rows=ROWS.get(kind, 900))
            for name, promotes in RULES.items():
                nights = promotes(differences, LAG.get(kind, 1))
                found = nights.any(axis=-1)
                first = np.where(found, nights.argmax(axis=-1) + 1, 10_000)
                median = float(np.median(first))
                yield Row(
                    table="power", rule=name, data=kind, nights=200, effect=gain,
                    median_days=median if median <= 200 else None, **count(int(found.sum()), runs),
                )  # fmt: skip
        _tell(f"better rivals, {kind}")


def render(rows: list[Row]) -> str:
    """The tables of the page."""
    lines = ["| rule | " + " | ".join(f"{kind}: 60 / 365 nights" for kind in KINDS) + " |"]
    lines.append("| --- |" + " --- |" * len(KINDS))
    for rule in RULES:
        cells = [
            " / ".join(
                f"{100 * r.share_promoted:.1f} % ({100 * r.ci_low:.1f} to {100 * r.ci_high:.1f})"
                for r in rows
                if (r.table, r.rule, r.data) == ("error", rule, kind)
                and None not in (r.share_promoted, r.ci_low, r.ci_high)
            )
            for kind in KINDS
        ]
        lines.append(f"| {rule} | " + " | ".join(cells) + " |")
    runs = next(r.runs for r in rows if r.table == "error")
    parts = [f"Share of {runs:,} equal pairs that are ever promoted, with its 95 % interval:\n", *lines, ""]
    runs = next(r.runs for r in rows if r.table == "power")
    parts.append(
        f"Median of days until a better recipe is promoted, of {runs:,} pairs, for each gain of AUC:\n"
    )
    parts.append("| rule | " + " | ".join(f"{kind}: +0.005, +0.01, +0.02" for kind in KINDS) + " |")
    parts.append("| --- |" + " --- |" * len(KINDS))
    for rule in RULES:
        cells = [
            ", ".join(
                "over 200" if r.median_days is None else f"{r.median_days:.0f}"
                for r in rows
                if (r.table, r.rule, r.data) == ("power", rule, kind)
            )
            for kind in KINDS
        ]
        parts.append(f"| {rule} | " + " | ".join(cells) + " |")
    return "\n".join(parts) + "\n"


def put_into(page: str, figures: str) -> str:
    """The page with these figures between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{figures}\n{END}{after}"


def read_results() -> list[Row]:
    """The results that are kept."""
    return [Row.model_validate(row) for row in json.loads(RESULTS.read_text())]


def _tell(what: str) -> None:
    print(f"  {what}", file=sys.stderr)


def main() -> None:
    """Measure, print, and keep the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--runs", type=int, default=1000, help="pairs of each kind; a third as many better ones")
    wanted = ask.parse_args()
    rows = [*measure_error(wanted.runs), *measure_power(max(wanted.runs // 3, 1))]
    print(render(rows))
    if wanted.runs == ask.get_default("runs"):
        RESULTS.write_text("[\n" + ",\n".join(row.model_dump_json() for row in rows) + "\n]\n")
        PAGE.write_text(put_into(PAGE.read_text(), render(rows)))


if __name__ == "__main__":
    main()
