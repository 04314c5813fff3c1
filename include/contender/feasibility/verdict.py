"""The verdict of a study: go, wait or no-go, by the few rules of docs/FEASIBILITY.md."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Literal

from contender.feasibility.figures import Comparison, Study
from contender.feasibility.forecast import Forecast, forecast
from contender.feasibility.parts import (
    MILLION,
    find_too_few,
    judge_amount,
    judge_features,
    judge_prediction,
)
from contender.feasibility.phrases import Part
from contender.feasibility.supply import find_incomplete, find_late, judge_completeness, judge_timing
from contender.specs.frozen import Frozen

Verdict = Literal["go", "wait", "no-go"]

MORE = 4  # times as many rows or days: a model that is expected to be better with them is worth waiting for


class Feasibility(Frozen):
    """The verdict with its reasons, the five questions with their answers, and the figures behind them."""

    verdict: Verdict
    reasons: tuple[str, ...]
    parts: tuple[Part, ...]
    study: Study
    forecast: Forecast


def judge(study: Study) -> Feasibility:
    """Judge a study. A pure function of its figures."""
    found = forecast(study.curve, list_sizes(study), nonnegative=study.nonnegative)
    verdict, reasons = _decide(study, found)
    return Feasibility(
        verdict=verdict,
        reasons=reasons,
        parts=(
            judge_amount(study, found),
            judge_prediction(study.comparison),
            judge_timing(study.timing, study.history),
            judge_completeness(study.history),
            judge_features(study.gains, study.ages),
        ),
        study=study,
        forecast=found,
    )


def list_sizes(study: Study) -> list[int]:
    """Return the numbers of rows to forecast: twice and four times the most, and a million."""
    if not study.curve:
        return []
    most = study.curve[-1].rows
    return [2 * most, MORE * most, *([MILLION] if most * MORE < MILLION else [])]


def _decide(study: Study, found: Forecast) -> tuple[Verdict, tuple[str, ...]]:
    missing = [*find_too_few(study.history), *find_incomplete(study.history), *find_late(study.timing)]
    few = [*find_too_few(study.history), *([] if study.failure is None else [_explain_failure(study)])]
    compared = study.comparison
    if few or compared is None:
        return "wait", tuple([*few, *(one for one in missing if one not in few)] or [_NOTHING])
    if failings := list(_find_failings(compared)):
        hopes = list(_find_hopes(study, found, compared))
        return "wait" if hopes else "no-go", (*failings, *hopes, *missing)
    if missing:
        return "wait", tuple(missing)
    return "go", (
        "It is certainly better than the baseline and than permuted labels, and no rule says to wait.",
    )


_NOTHING = "There are too few days before the held-out ones to fit the recipe."
_WORTH = f"The loss is still falling, and is forecast to be below both others with {MORE} times as many rows."


def _explain_failure(study: Study) -> str:
    return f"The recipe cannot be fitted or measured: {study.failure}."


def _find_failings(compared: Comparison) -> Iterator[str]:
    for difference, other in (
        (compared.beyond_baseline, "the baseline"),
        (compared.beyond_floor, "the same recipe on permuted labels"),
    ):
        if not difference.is_below_zero:
            yield f"It is not certainly better than {other}: the difference in loss is {difference.value:+.3g}."


def _find_hopes(study: Study, found: Forecast, compared: Comparison) -> Iterator[str]:
    """Yield why a model that is not certainly better now may become so: with more rows, or more held-out days."""
    high = found.points[1].loss.high if len(found.points) > 1 else None
    if high is not None and high < min(study.curve[-1].loss, compared.baseline, compared.floor):
        yield _WORTH
    needed = count_needed_days(compared)
    if compared.beyond_floor.is_below_zero and needed is not None and needed <= MORE * compared.days:
        yield (
            "It is certainly better than on permuted labels, and looks better than the baseline: if that is so, about "
            f"{needed} held-out days show it; now there are {compared.days}."
        )


def count_needed_days(compared: Comparison) -> int | None:
    """Return the held-out days with which the interval would exclude 0 if the difference stays; None if it is worse.

    The width of an interval falls with the square root of the number of days.
    """
    difference, interval = compared.beyond_baseline.value, compared.beyond_baseline.interval
    if interval is None or difference >= 0:
        return None
    return ceil(compared.days * ((interval.high - difference) / difference) ** 2)
