"""Search the parameters of a recipe: fit before each held-out block, and measure the loss on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contender.errors import PermanentError
from contender.feasibility import Estimate, Subject, estimate
from contender.measures import PredictionError
from contender.safe_storage import UnsafeModel
from contender.specs import Days
from contender.training import TrainingError
from contender.tuning.figures import Trial, Tuned
from contender.tuning.space import Choice, Range, Space, Value, change, current

# Trials before any is stopped early: their median is what later ones are compared with.
UNSTOPPED = 5

Report = Callable[[], None]  # called after each trial
Losses = NDArray[np.float64]


class TuningError(PermanentError):
    """The recipe as it is cannot be measured; the message says why."""


class Budget(NamedTuple):
    """How long a search lasts: a number of trials, and minutes after which no further one begins."""

    trials: int
    minutes: float


def tune(subject: Subject, space: Space, budget: Budget, report: Report = lambda: None) -> Tuned:
    """Search the space of a recipe, and measure the best trial on the newest block.

    All blocks but the newest are searched, by the tree-structured Parzen estimator (Bergstra et al. 2011) with the
    recipe's seed; a trial that is worse than the median of earlier ones after a block is stopped (Golovin et al. 2017,
    section 3.1). Raises TuningError if the recipe as it is cannot be fitted.
    """
    began = time.monotonic()
    *searched, newest = subject.folds.blocks
    model, recipe = subject.model, subject.recipe
    try:
        own = list(_lose_each(subject, searched))
    except (TrainingError, PredictionError, UnsafeModel) as error:
        raise TuningError(f"{model.name}: recipe {recipe.name!r} cannot be measured: {error}") from error
    found = Tuned(
        model=model.name,
        recipe=recipe,
        current=current(recipe, space),
        loss=model.loss,
        rows=len(subject.history.rows),
        searched=tuple(searched),
        confirmed=newest,
        loss_now=_mean(own),
        trials=tuple(_search(subject, space, searched, budget, report)),
        seconds=time.monotonic() - began,
    )
    return (
        found
        if found.best is None
        else found.model_copy(update={"held": _confirm(subject, found.best, newest)})
    )


def _search(
    subject: Subject, space: Space, blocks: Sequence[Days], budget: Budget, report: Report
) -> Iterator[Trial]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=subject.recipe.seed % 2**32),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=UNSTOPPED),
    )
    distributions = {name: _distribution(of) for name, of in space.items()}
    until = time.monotonic() + budget.minutes * 60
    for _ in range(budget.trials):
        if time.monotonic() > until:
            return
        asked = study.ask(distributions)
        trial = _try(subject, space, blocks, asked)
        measured = trial.state == "measured"
        study.tell(asked, trial.loss if measured else None, state=None if measured else _ended(trial, optuna))
        report()
        yield trial


def _ended(trial: Trial, optuna: Any) -> Any:
    states = optuna.trial.TrialState
    return states.PRUNED if trial.state == "stopped early" else states.FAIL


def _distribution(of: Range | Choice) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not isinstance(of, Range):
        return CategoricalDistribution(of.values)
    if of.whole:
        return IntDistribution(round(of.low), round(of.high), log=of.logarithmic)
    return FloatDistribution(of.low, of.high, log=of.logarithmic)


def _try(subject: Subject, space: Space, blocks: Sequence[Days], asked: Any) -> Trial:
    changes = {name: _clean(space, name, value) for name, value in asked.params.items()}
    losses: list[Losses] = []
    try:
        tried = subject._replace(recipe=change(subject.recipe, changes))
        for nth, lost in enumerate(_lose_each(tried, blocks), 1):
            losses.append(lost)
            asked.report(_mean(losses), nth)
            if nth < len(blocks) and asked.should_prune():
                return Trial(changes=changes, state="stopped early", loss=_mean(losses))
    except (TrainingError, PredictionError, UnsafeModel, ValueError) as error:
        return Trial(changes=changes, state="failed", loss=None, failure=str(error))
    return Trial(changes=changes, state="measured", loss=_mean(losses))


def _clean(space: Space, name: str, value: Value) -> Value:
    of = space[name]
    return of.clean(float(value)) if isinstance(of, Range) else value


def _lose_each(subject: Subject, blocks: Sequence[Days]) -> Iterator[Losses]:
    """Yield the losses of the rows of each block, by a fit on the recipe's window before it."""
    for block in blocks:
        last = subject.model.last_fitted_before(block.first)
        days = Days(first=last - timedelta(days=subject.recipe.window_days - 1), last=last)
        fitted = subject.fit(subject.history.between(days), days)
        yield subject.lose(fitted, subject.history.between(block))


def _confirm(subject: Subject, best: Trial, newest: Days) -> Estimate:
    tried = subject._replace(recipe=change(subject.recipe, best.changes))
    theirs, ours = (next(_lose_each(one, [newest])) for one in (tried, subject))
    days = subject.history.between(newest)["day"]
    return estimate(theirs - ours, np.array([day.toordinal() for day in days], dtype=np.int64))


def _mean(losses: Sequence[Losses]) -> float:
    return float(np.concatenate(losses).mean())
