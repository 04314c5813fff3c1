"""What judging costs: a night of a backtest beside its bare fits, and the decisions of a thousand models.

python -m benchmarks.deciding               results in benchmarks/results/deciding.json
python -m benchmarks.deciding --nights 3    smaller, for a look; nothing is kept

CPU seconds of one process. The bare night fits each recipe on the same rows and predicts the same days, by scikit-learn
alone; backtest and bare nights take turns, three times each. Ratios are what to read.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.keeping import keep_rows
from benchmarks.promotion.years import read_year
from contender.backtesting import Fits, History, run_backtest
from contender.evaluating import judged_days
from contender.measures import predict
from contender.promoting import compute_evidence, decide_night, standing_after
from contender.promoting.race import bet_on_blocks, form_blocks, sum_blocks
from contender.records import Evaluation, PairedDay, Standing, TrainedVersion
from contender.settings import PROJECT
from contender.specs import Catalog, Days, ModelSpec, load_catalog
from contender.training import fit_recipe, load_functions, training_days

RESULTS = PROJECT / "benchmarks" / "results" / "deciding.json"
FIRST = date(2013, 5, 1)
Floats = NDArray[np.float64]
MODELS, NIGHTS_OF_A_YEAR, BAR, TIMES = 1000, 365, 20.0, 3


class Measured(NamedTuple):
    """One figure: `seconds` of CPU, and how many times those of `beside`, where there is a peer."""

    what: str
    seconds: float
    beside: str = ""
    ratio: float | None = None


def main() -> None:
    """Measure, print, and keep the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--nights", type=int, default=14, help="nights of flights that are lived")
    wanted = ask.parse_args()
    catalog = load_catalog(PROJECT / "include" / "catalog")
    model = catalog.model("flight_delay")
    nights = Days(first=FIRST, last=FIRST + timedelta(days=wanted.nights - 1))
    history = read_year(catalog, model)
    found = [
        *measure_nights(catalog, model, history, nights),
        *measure_decisions(catalog, model, history, nights),
    ]
    for one in found:
        ratio = "" if one.ratio is None else f"  {one.ratio:.2f} x {one.beside}"
        print(f"{one.seconds:9.3f} CPU s  {one.what}{ratio}")
    if wanted.nights == ask.get_default("nights"):
        keep_rows(RESULTS, (one._asdict() for one in found))


def measure_nights(catalog: Catalog, model: ModelSpec, history: History, nights: Days) -> Iterator[Measured]:
    """A backtest's night by our policy alone, and by all, beside bare fits and predictions of the same nights."""
    ways: dict[str, Callable[[], object]] = {
        "bare": lambda: fit_bare(catalog, model, history, nights),
        "ours": lambda: run_backtest(catalog, model, history, nights, ["ours"]),
        "all": lambda: run_backtest(catalog, model, history, nights),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(TIMES):
        for name, way in ways.items():
            began = time.process_time()
            way()
            taken[name].append((time.process_time() - began) / len(nights))
            report(f"round {n + 1} of {TIMES}, {name}: {taken[name][-1]:.2f} CPU s a night")
    bare, beside = median(taken["bare"]), "bare fit and predict"
    yield Measured(
        "a night of flights, bare: both recipes fitted, judged days and scored day predicted", bare
    )
    for name, detail in (("ours", "in a backtest by our policy"), ("all", "in a backtest by all policies")):
        ratio = median(one / floor for one, floor in zip(taken[name], taken["bare"], strict=True))
        yield Measured(f"a night of flights, {detail}", median(taken[name]), beside, ratio)


def fit_bare(catalog: Catalog, model: ModelSpec, history: History, nights: Days) -> None:
    """What no backtest can do without: each night's fits, and predictions of the evaluated and scored days."""
    home = catalog.model_home(model.name)
    functions = {recipe.name: load_functions(home, recipe) for recipe in model.recipes}
    for night in nights.each():
        asked = Days(first=judged_days(model, night).first, last=model.scored_days(Days.one(night)).last)
        rows = history.between(asked)
        for recipe in model.recipes:
            days = training_days(model, recipe, night)
            fitted = fit_recipe(model, recipe, functions[recipe.name], days, history.between(days))
            predict(model, fitted.estimator, rows, model.seen_by(recipe))
            predict(model, fitted.baseline, rows, model.baseline_features)


def measure_decisions(
    catalog: Catalog, model: ModelSpec, history: History, nights: Days
) -> Iterator[Measured]:
    """The race of a thousand models over a year, and the decisions of a night about all of them, a year behind them."""
    differences = np.random.default_rng(1).normal(0.0, 0.01, (MODELS, NIGHTS_OF_A_YEAR))
    began = time.process_time()
    blocks = form_blocks([1] * NIGHTS_OF_A_YEAR, 1, 1)
    bet_on_blocks(sum_blocks(differences, blocks), blocks, BAR)
    yield Measured(
        f"the race of {MODELS:,} models, decided on each of {NIGHTS_OF_A_YEAR} nights",
        time.process_time() - began,
    )
    evaluations, standing = judge_second_night(Fits(catalog, model, history), nights.first)
    incumbent, rival = (each.challenger for each in evaluations)
    years = [make_pairs(model, incumbent, rival, standing.since, row) for row in differences]
    began = time.process_time()
    for pairs in years:
        evidence = compute_evidence(model, standing, incumbent.recipe_fingerprint, pairs)
        decide_night(evaluations, evidence, standing, model.guards)
    yield Measured(
        f"the decisions of one night about {MODELS:,} models, records in, records out: a year's pairs weighed, "
        "every guard asked",
        time.process_time() - began,
    )


def judge_second_night(fits: Fits, first: date) -> tuple[list[Evaluation], Standing]:
    """The evaluations of the night after a first version came to serve, and the standing after it."""
    model = fits.model
    (began,) = decide_night(
        [fits.judge(made.version.version, None) for made in fits.fit_all(first)], (), None, model.guards
    )
    champion = began.champion_after
    if champion is None:
        raise SystemExit(f"{first}: the first version is held: {'; '.join(began.summary())}")
    second = fits.fit_all(first + timedelta(days=1))
    return [fits.judge(made.version.version, champion) for made in second], standing_after(began, champion)


def make_pairs(
    model: ModelSpec, incumbent: TrainedVersion, rival: TrainedVersion, since: date, differences: Floats
) -> list[PairedDay]:
    """A year of paired days with these differences."""
    first = model.scored_days(Days.one(since)).first
    return [
        PairedDay(
            id=str(n),
            model=model.name,
            question="race",
            day=first + timedelta(days=n),
            incumbent=incumbent.recipe_fingerprint,
            rival=rival.recipe_fingerprint,
            incumbent_version=1,
            rival_version=2,
            incumbent_loss=0.16,
            rival_loss=0.16 - float(difference),
            rows=900,
        )
        for n, difference in enumerate(differences)
    ]


def report(line: str) -> None:
    """Progress, apart from the figures."""
    print(f"  {line}", file=sys.stderr)


if __name__ == "__main__":
    main()
