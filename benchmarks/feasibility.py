"""Measure the forecast of learning curves: how often its 90 % interval contains the loss at held-back sizes.

python -m benchmarks.feasibility              writes benchmarks/results/feasibility.json and docs/FEASIBILITY.md
python -m benchmarks.feasibility --ends 2     a smaller run, printed and not stored

Curves are measured on the real years of two examples, each at several ends of the history, and simulated by inverse
power laws with noise. Each curve is forecast from its first five sizes on, and compared with the larger sizes. All
draws are seeded.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.keeping import keep_rows, put_into
from benchmarks.promotion.years import read_year
from contender.backtesting import cut
from contender.feasibility.figures import SizePoint
from contender.feasibility.folds import plan_folds
from contender.feasibility.forecast import FEWEST_SIZES, forecast
from contender.feasibility.measure import Subject, measure_curve
from contender.measures import choose_loss
from contender.settings import PROJECT
from contender.specs import Days, load_catalog
from contender.training import load_functions

RESULTS = PROJECT / "benchmarks" / "results" / "feasibility.json"
PAGE = PROJECT / "docs" / "FEASIBILITY.md"
BEGIN, END = "<!-- forecasts: made by `make bench-feasibility` -->", "<!-- end of forecasts -->"
ENDS, FEWEST_DAYS, SEED = 8, 100, 1
SAMPLE = 10_000  # rows of a year
RECIPES = (
    ("household_return", "boosted_trees"),
    ("flight_delay", "boosted_trees"),
    ("flight_delay", "linear"),
)
SIMULATED = 300
SIZES = tuple(1000 * 2**n for n in range(8))

Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--ends", type=int, default=ENDS, help="ends of the history of each model")
    asked = ask.parse_args()
    rows = [
        count(f"{model}, {recipe}", list(measure(model, recipe, asked.ends))) for model, recipe in RECIPES
    ]
    rows.append(count("simulated power laws", list(simulate())))
    for row in rows:
        print(json.dumps(row))
    if asked.ends == ENDS:
        keep_rows(RESULTS, rows)
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def measure(name: str, recipe: str, ends: int) -> Iterator[Sequence[SizePoint]]:
    """Yield the curves of a recipe on a model's year that ends on several days."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    model, home = catalog.model(name), catalog.model_home(name)
    rows = read_year(catalog, model).rows
    days = sorted(set(rows["day"]))
    some = rows[np.random.default_rng(SEED).random(len(rows)) < SAMPLE / len(rows)]
    functions, loss = load_functions(home, model.recipe(recipe)), choose_loss(model, home)
    for end in np.linspace(FEWEST_DAYS, len(days), ends).astype(int):
        span = Days(first=days[0], last=days[end - 1])
        folds = plan_folds(model, days[:end])
        assert folds is not None
        history = cut(model, some[some["day"] <= span.last], span)
        subject = Subject(model, model.recipe(recipe), functions, loss, history, folds, SEED)
        print(f"{name}, {recipe}, up to {span.last}", file=sys.stderr)
        yield measure_curve(subject, lambda: None)[0]


def simulate() -> Iterator[Sequence[SizePoint]]:
    """Yield curves that follow a law, over five blocks of different difficulty, with noise of each fit."""
    random = np.random.default_rng(SEED)
    sizes, levels = np.array(SIZES), np.linspace(-0.02, 0.02, 5)
    for _ in range(SIMULATED):
        limit, excess, exponent = (random.uniform(*span) for span in ((0.05, 0.3), (0.05, 0.3), (0.2, 1.2)))
        noise = 10 ** random.uniform(-4, -2.5)
        losses = (limit + excess * (sizes / sizes[0]) ** -exponent)[:, None] + levels
        losses = losses + random.normal(0, noise, losses.shape)
        yield [
            SizePoint(days=nth + 1, rows=size, losses=tuple(float(one) for one in its))
            for nth, (size, its) in enumerate(zip(SIZES, losses, strict=True))
        ]


def count(data: str, curves: Sequence[Sequence[SizePoint]]) -> Row:
    """Count the held-back losses within the interval, the forecasts that were refused, and the widths."""
    held_back = inside = forecasts = refused = whole_refused = 0
    widths = []
    for curve in curves:
        whole_refused += forecast(curve, []).why_not is not None
        for known in range(FEWEST_SIZES, len(curve)):
            found = forecast(curve[:known], [point.rows for point in curve[known:]])
            forecasts += 1
            refused += found.why_not is not None
            for guess, point in zip(found.points, curve[known:], strict=False):
                low, high = guess.loss.low, guess.loss.high
                assert low is not None
                assert high is not None
                held_back += 1
                inside += low <= point.loss <= high
                widths.append((high - low) / point.loss)
    return {
        "data": data,
        "curves": len(curves),
        "curves_refused": whole_refused,
        "forecasts": forecasts,
        "refused": refused,
        "held_back": held_back,
        "share_inside": round(inside / held_back, 3),
        "median_width": round(float(np.median(widths)), 3),
    }


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page."""
    lines = [
        "| curves | number | not extrapolated | held-back sizes | within the interval | median width, of the loss |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['data']} | {row['curves']} | {row['curves_refused']} | {row['held_back']} | "
        f"{row['share_inside']:.1%} | {row['median_width']:.1%} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
