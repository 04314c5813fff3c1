"""Fit a recipe on the newest days before held-out blocks, and measure it beside the baseline and permuted labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.backtesting import History
from contender.evaluating import interval_by_day
from contender.feasibility.ages import group_by_age
from contender.feasibility.figures import AgeGroup, Comparison, Estimate, FeatureGain, SizePoint
from contender.feasibility.folds import Folds
from contender.measures import Loss, kind_of, predict
from contender.specs import Days, ModelSpec, Recipe
from contender.training import Fitted, Functions, TrainingError, fit_recipe

REFITS = 2  # fits on permuted labels for each block
SHUFFLES = 2  # permutations of a feature in each block
FEWEST_A_DAY = 10  # rows, for labels to be permuted within each day

Losses = NDArray[np.float64]


class Subject(NamedTuple):
    """What is fitted and measured."""

    model: ModelSpec
    recipe: Recipe
    functions: Functions
    loss: Loss
    history: History
    folds: Folds
    seed: int

    def fit(self, rows: pd.DataFrame, days: Days) -> Fitted:
        """Fit the recipe and the baseline."""
        return fit_recipe(self.model, self.recipe, self.functions, days, rows)

    def lose(self, fitted: Fitted, rows: pd.DataFrame, *, baseline: bool = False) -> Losses:
        """Return the loss of each row."""
        pipeline = fitted.baseline if baseline else fitted.estimator
        seen = self.model.baseline_features if baseline else self.model.seen_by(self.recipe)
        outcomes = kind_of(self.model).encode(rows["label"])
        return self.loss(outcomes, predict(self.model, pipeline, rows, seen))

    def training_days(self, block: Days, size: int) -> Days:
        """Return the newest days that are known before a block."""
        return self.folds.training_days(self.model, block, size)


class HeldOut(NamedTuple):
    """The held-out rows of all blocks, with the losses of the fits on all days; arrays are in the order of the rows."""

    rows: pd.DataFrame
    days: NDArray[np.int64]
    losses: Losses
    baseline: Losses
    floor: Losses
    gains: dict[str, Losses]
    within_day: bool

    def compare(self) -> Comparison:
        """Return the losses beside those of the baseline and of the fits on permuted labels."""
        return Comparison(
            rows=len(self.losses),
            days=len(np.unique(self.days)),
            loss=estimate(self.losses, self.days),
            baseline=float(self.baseline.mean()),
            floor=float(self.floor.mean()),
            beyond_baseline=estimate(self.losses - self.baseline, self.days),
            beyond_floor=estimate(self.losses - self.floor, self.days),
            within_day=self.within_day,
            refits=REFITS,
        )

    def rank_features(self) -> tuple[FeatureGain, ...]:
        """Return the features, the most useful one first."""
        found = [
            FeatureGain(name=name, gain=estimate(gains, self.days)) for name, gains in self.gains.items()
        ]
        return tuple(sorted(found, key=lambda one: -one.gain.value))

    def split_by_age(self, ages: NDArray[np.int64]) -> tuple[AgeGroup, ...]:
        """Return the losses by the age of the key."""
        return tuple(
            AgeGroup(
                name=name,
                rows=int(some.sum()),
                share=float(some.mean()),
                loss=float(self.losses[some].mean()),
                baseline=float(self.baseline[some].mean()),
                beyond_baseline=estimate((self.losses - self.baseline)[some], self.days[some]),
            )
            for name, some in group_by_age(ages)
        )


def estimate(values: Losses, days: NDArray[np.int64]) -> Estimate:
    """Return the mean of a value for each row, with its interval over days."""
    return Estimate(value=float(values.mean()), interval=interval_by_day(values, days))


def count_fits(folds: Folds) -> int:
    """Return the number of steps that are reported."""
    return len(folds.blocks) * (len(folds.sizes) + REFITS + 1)


def measure_curve(subject: Subject, report: Callable[[], None]) -> tuple[list[SizePoint], list[int]]:
    """Return the learning curve, and the sizes in days on which a fit was impossible."""
    curve, failed = [], []
    for size in subject.folds.sizes:
        try:
            curve.append(_measure_size(subject, size, report))
        except TrainingError:
            failed.append(size)
    return curve, failed


def _measure_size(subject: Subject, size: int, report: Callable[[], None]) -> SizePoint:
    losses, rows = [], []
    for block in subject.folds.blocks:
        report()
        days = subject.training_days(block, size)
        training = subject.history.between(days)
        fitted = subject.fit(training, days)
        losses.append(float(subject.lose(fitted, subject.history.between(block)).mean()))
        rows.append(len(training))
    return SizePoint(days=size, rows=round(float(np.mean(rows))), losses=tuple(losses))


def measure_held_out(subject: Subject, report: Callable[[], None]) -> HeldOut:
    """Fit on all days before each block, and measure the block in every way.

    Raises TrainingError if a block's fit is impossible.
    """
    within = _is_permuted_within_day(subject.history)
    blocks = [_measure_block(subject, block, within, report) for block in subject.folds.blocks]
    names = blocks[0].gains
    return HeldOut(
        rows=pd.concat([one.rows for one in blocks], ignore_index=True),
        days=np.concatenate([one.days for one in blocks]),
        losses=np.concatenate([one.losses for one in blocks]),
        baseline=np.concatenate([one.baseline for one in blocks]),
        floor=np.concatenate([one.floor for one in blocks]),
        gains={name: np.concatenate([one.gains[name] for one in blocks]) for name in names},
        within_day=within,
    )


def _measure_block(subject: Subject, block: Days, within: bool, report: Callable[[], None]) -> HeldOut:
    random = np.random.default_rng((subject.seed, block.first.toordinal()))
    days = subject.training_days(block, subject.folds.sizes[-1])
    training, held = subject.history.between(days), subject.history.between(block)
    report()
    fitted = subject.fit(training, days)
    losses = subject.lose(fitted, held)
    floors = []
    for _ in range(REFITS):
        report()
        labels = permute_labels(training, within, random)
        floors.append(subject.lose(subject.fit(training.assign(label=labels), days), held))
    return HeldOut(
        rows=held,
        days=np.array([day.toordinal() for day in held["day"]], dtype=np.int64),
        losses=losses,
        baseline=subject.lose(fitted, held, baseline=True),
        floor=np.mean(floors, axis=0),
        gains={
            name: np.mean(list(_shuffle(subject, fitted, held, name, random)), axis=0) - losses
            for name in subject.model.seen_by(subject.recipe)
        },
        within_day=within,
    )


def _shuffle(
    subject: Subject, fitted: Fitted, held: pd.DataFrame, name: str, random: np.random.Generator
) -> Iterator[Losses]:
    for _ in range(SHUFFLES):
        shuffled = held[name].take(random.permutation(len(held))).set_axis(held.index)
        yield subject.lose(fitted, held.assign(**{name: shuffled}))


def permute_labels(rows: pd.DataFrame, within: bool, random: np.random.Generator) -> NDArray[np.generic]:
    """Return the labels in another order, which keeps each label in its day if `within`; rows are in order of days."""
    order = random.random(len(rows))
    if within:
        days = rows["day"].map(lambda day: day.toordinal()).to_numpy()
        places = np.lexsort((order, days))
    else:
        places = np.argsort(order)
    labels: NDArray[np.generic] = rows["label"].to_numpy()[places]
    return labels


def _is_permuted_within_day(history: History) -> bool:
    """Return whether days have enough rows; else a permutation within them would change hardly any label."""
    return float(history.rows.groupby("day", sort=False).size().median()) >= FEWEST_A_DAY
