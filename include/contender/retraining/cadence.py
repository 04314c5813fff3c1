"""Whether a fit is due in a night: the one judgement of a model's cadence, a pure function of records.

The cost of waiting follows "Cost-Effective Retraining of Machine Learning Models" (Mahadevan & Mathioudakis,
arXiv:2310.04216): the staleness cost that has accumulated since the last fit is weighed against the cost of a fit. The
staleness is measured: by how much past refreshes were better than the champions that they followed, per night between
the two fits. If the loss grows by s a night, n nights of waiting cost s n (n - 1) / 2. The mean cost of a night is
lowest if a fit is made in the first night n with s n (n + 1) / 2 >= the cost of a fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from pydantic import Field

from contender.records import DriftVerdict, Evaluation, TrainedVersion
from contender.specs import WEEKDAYS, Cadence, Days, ModelSpec, WhenNeeded
from contender.specs.frozen import Frozen
from contender.training import training_days

REFRESHES_COMPARED = 14
FEWEST_REFRESHES = 4
# A new fit does not repair a broken feed.
_CALLS_FOR_A_FIT: tuple[DriftVerdict, ...] = ("covariate_drift", "concept_drift", "regime_break")


class FitFacts(Frozen):
    """What is known about a model before a night, from records of earlier nights only."""

    night: date
    champion_fitted: date | None = Field(
        description="night that the champion was fitted for; None without one"
    )
    last_fit: date | None = Field(
        default=None, description="newest earlier night whose versions were evaluated"
    )
    broken: date | None = Field(default=None, description="night in which the open break began")
    changed: tuple[str, ...] = Field(
        default=(), description="recipes that the last fit did not fit as they are declared now"
    )
    verdict: DriftVerdict | None = Field(default=None, description="newest verdict of monitoring")
    new_rows: int = Field(default=0, description="labelled rows that the last fit did not have")
    fitted_rows: int = Field(default=0, description="rows of the last fit")
    staleness: float | None = Field(
        default=None, description="growth of the loss a night since a fit, as a share of it; None if unknown"
    )


class Judged(NamedTuple):
    """Whether a fit is due, and why in one sentence."""

    due: bool
    why: str


def judge_fit(cadence: Cadence, facts: FitFacts) -> Judged:
    """Return whether a fit is due in a night.

    The first row that matches decides:

    | the model | a fit is due |
    | --- | --- |
    | is fitted nightly, has no champion, has an open break, or has a changed recipe | yes |
    | is fitted weekly | if it was not fitted since the newest such weekday |
    | is fitted every N days | if it was not fitted in the N - 1 nights before |
    | is fitted when needed | if the champion is old, monitoring finds drift, rows are new, or waiting costs enough |
    """
    if cadence.is_nightly:
        return Judged(True, "the model is fitted every night")
    if facts.champion_fitted is None or facts.last_fit is None:
        return Judged(True, "no version serves yet")
    if facts.broken is not None:
        return Judged(True, f"a break is open since night {facts.broken}")
    if facts.changed:
        return Judged(True, f"the last fit has no {', '.join(facts.changed)} as now declared")
    if cadence.when_needed is not None:
        return _judge_need(cadence.when_needed, facts, facts.champion_fitted, facts.last_fit)
    next_fit = _find_next_fit(cadence, facts.last_fit)
    if facts.night >= next_fit:
        return Judged(True, f"{cadence.in_words}: the last fit is of night {facts.last_fit}")
    return Judged(
        False,
        f"{cadence.in_words}: the last fit is of night {facts.last_fit}, the next is due in night {next_fit}",
    )


def _find_next_fit(cadence: Cadence, last_fit: date) -> date:
    """Return the first night after a fit in which a weekly cadence, or one of N days, fits again."""
    if cadence.weekday is None:
        return last_fit + timedelta(days=cadence.every_days or 1)
    ahead = (WEEKDAYS.index(cadence.weekday) - last_fit.weekday() - 1) % 7 + 1
    return last_fit + timedelta(days=ahead)


def _judge_need(need: WhenNeeded, facts: FitFacts, champion_fitted: date, last_fit: date) -> Judged:
    age, waited = (facts.night - champion_fitted).days, (facts.night - last_fit).days
    if age >= need.max_age_days:
        return Judged(True, f"the champion is {age} nights old, `max_age_days` is {need.max_age_days}")
    if facts.verdict in _CALLS_FOR_A_FIT:
        return Judged(True, f"the newest verdict of monitoring is {facts.verdict}")
    share = facts.new_rows / facts.fitted_rows if facts.fitted_rows else 0.0
    rows = f"{facts.new_rows:,} labelled rows are new since the last fit, {share:.1%} of its rows"
    if share >= need.new_rows:
        return Judged(True, f"{rows}; `new_rows` is {need.new_rows:.0%}")
    cost = estimate_waiting_cost(facts.staleness, waited)
    waiting = (
        "too few refreshes are measured to estimate the cost of waiting"
        if cost is None
        else f"the {waited} nights since the last fit have cost about {cost:.2%} of a day's loss"
    )
    if cost is not None and cost >= need.fit_cost:
        return Judged(True, f"{waiting}, as much as a fit (`fit_cost`, {need.fit_cost:.2%})")
    return Judged(
        False, f"{waiting}, a fit costs {need.fit_cost:.2%}; the champion is {age} nights old; {rows}"
    )


def estimate_waiting_cost(staleness: float | None, nights: int) -> float | None:
    """Return what waiting has cost if tonight does not fit either, as a share of a day's loss; None if unknown."""
    return None if staleness is None else staleness * nights * (nights + 1) / 2


def list_new_days(model: ModelSpec, night: date, last: Sequence[TrainedVersion]) -> Days | None:
    """Return the days that a fit in a night could train on, and the last fit could not; None if there are none."""
    first = max(one.trained_on.last for one in last if not one.strategy) + timedelta(days=1)
    newest = training_days(model, model.recipes[0], night).last
    return Days(first=first, last=newest) if first <= newest else None


def measure_staleness(refreshes: Sequence[Evaluation]) -> float | None:
    """Return by what share of the loss a champion falls behind a refresh in each night between their fits.

    `refreshes` are evaluations of refreshes, newest first. The estimate is the ratio of the sums over the newest ones;
    it is 0 if the refreshes were not better, and None with too few of them.
    """
    gains, nights = [], []
    for one in refreshes[:REFRESHES_COMPARED]:
        if one.champion is None or one.champion_measures is None or one.failure is not None:
            continue
        old, new = one.champion_measures.loss, one.challenger_measures.loss
        between = (one.challenger.night - one.champion.night).days
        if between > 0 and old:
            gains.append((old - new) / abs(old))
            nights.append(between)
    return max(0.0, sum(gains) / sum(nights)) if len(gains) >= FEWEST_REFRESHES else None
