"""The questions that fits answer: is there enough data, can the label be predicted, and from which features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contender.feasibility.ages import NEW
from contender.feasibility.figures import AgeGroup, Comparison, Estimate, FeatureGain, History, Study
from contender.feasibility.forecast import Forecast, Forecasted
from contender.feasibility.phrases import Part, count_of, show_estimate, show_forecast, show_share

FEWEST_DAYS = 28
FEWEST_ROWS = 1000
MILLION = 1_000_000
WORTHWHILE = 0.02  # a fall of the loss, as a share of it
_SHOWN = 8


def judge_amount(study: Study, forecast: Forecast) -> Part:
    """Answer whether there are enough rows and days, and what more would bring."""
    few = list(find_too_few(study.history))
    return Part(
        question="Is there enough data?",
        answer="not yet" if few else "unknown" if study.comparison is None else "yes",
        sentences=(*few, *_describe_curve(study), *_describe_forecast(study, forecast)),
    )


def find_too_few(history: History) -> Iterator[str]:
    """Yield what there is too little of."""
    if history.days_with_rows < FEWEST_DAYS:
        yield f"There are {history.days_with_rows} days with labelled rows; at least {FEWEST_DAYS} are needed."
    if history.rows < FEWEST_ROWS:
        yield f"There are {history.rows:,} labelled rows; at least {FEWEST_ROWS:,} are needed."


def _describe_curve(study: Study) -> Iterator[str]:
    if study.failure:
        yield f"The recipe cannot be fitted or measured: {study.failure}."
    if len(study.curve) < 2:
        return
    first, last = study.curve[0], study.curve[-1]
    yield (
        f"Trained on the newest {count_of(first.days, 'day')} ({first.rows:,} rows) before each of "
        f"{len(study.blocks)} held-out blocks, the loss is {first.loss:.5g}; on {count_of(last.days, 'day')} "
        f"({last.rows:,} rows) it is {last.loss:.5g}."
    )
    best = min(study.curve, key=lambda point: point.loss)
    if best != last:
        yield f"It is lowest, {best.loss:.5g}, on {count_of(best.days, 'day')} ({best.rows:,} rows)."
    if study.failed_sizes:
        sizes = ", ".join(map(str, study.failed_sizes))
        yield f"On the newest {sizes} days, a fit was impossible; these sizes are left out."


def _describe_forecast(study: Study, forecast: Forecast) -> Iterator[str]:
    if not study.curve:
        return
    if forecast.why_not or forecast.limit is None:
        yield f"The learning curve cannot be extrapolated: {forecast.why_not}."
        return
    now = study.curve[-1].loss
    for point in forecast.points:
        yield f"Forecast with {point.rows:,} rows: a loss of {show_forecast(point.loss)}, {_change(point.loss, now)}."
    yield f"Forecast limit with any number of rows: {show_forecast(forecast.limit)}."
    if (near := forecast.rows_near_limit) is not None:
        yield f"The loss is within 1 % of its limit with {show_forecast(near, ',.0f')} rows."
    yield from _need_more(forecast, now)


def _change(found: Forecasted, now: float) -> str:
    return "unknown" if found.value is None or not now else f"{found.value / now - 1:+.1%} from now"


def _need_more(forecast: Forecast, now: float) -> Iterator[str]:
    most = forecast.points[-1]
    if most.loss.low is None or most.loss.high is None:
        return
    if most.loss.low >= (1 - WORTHWHILE) * now:
        answer = f"are not needed: even the low end is less than {WORTHWHILE:.0%} below the loss now"
    elif most.loss.high < (1 - WORTHWHILE) * now:
        answer = f"are worth having: even the high end is more than {WORTHWHILE:.0%} below the loss now"
    else:
        answer = "may or may not be worth having: the interval includes both"
    yield f"{most.rows:,} rows {answer}."


def judge_prediction(comparison: Comparison | None) -> Part:
    """Answer whether the label can be predicted: better than the baseline, and than a fit on permuted labels."""
    question = "Can it be predicted?"
    if comparison is None:
        return Part(question=question, answer="unknown", sentences=("Nothing was measured.",))
    better = comparison.beyond_baseline.is_below_zero and comparison.beyond_floor.is_below_zero
    place = "within each day" if comparison.within_day else "over all days"
    return Part(
        question=question,
        answer="yes" if better else "no",
        sentences=(
            f"On {comparison.rows:,} rows of {comparison.days} held-out days the loss is "
            f"{show_estimate(comparison.loss)}.",
            f"The baseline's is {comparison.baseline:.5g}: the difference is "
            f"{show_estimate(comparison.beyond_baseline, sign=True)}{_meaning(comparison.beyond_baseline)}.",
            f"With labels permuted {place} it is {comparison.floor:.5g}: the difference is "
            f"{show_estimate(comparison.beyond_floor, sign=True)}{_meaning(comparison.beyond_floor)}.",
        ),
    )


def _meaning(difference: Estimate) -> str:
    if difference.is_below_zero:
        return ", so the model is better"
    return ", so the model is worse" if difference.is_above_zero else ", so no difference is certain"


def judge_features(gains: Iterable[FeatureGain], ages: Iterable[AgeGroup]) -> Part:
    """Answer which features lower the loss, and whether rows of new keys can be predicted."""
    gains, ages = tuple(gains), tuple(ages)
    paying = [one.name for one in gains if one.gain.is_above_zero]
    return Part(
        question="Which features pay, and what about new keys?",
        answer="unknown" if not gains else "yes" if paying else "no",
        sentences=(*_describe_gains(gains), *_describe_ages(ages)),
    )


def _describe_gains(gains: tuple[FeatureGain, ...]) -> Iterator[str]:
    if not gains:
        yield "Nothing was measured."
        return
    paying = [one for one in gains if one.gain.is_above_zero]
    if paying:
        shown = ", ".join(f"{one.name} {one.gain.value:+.2g}" for one in paying[:_SHOWN])
        yield f"If a feature's values are permuted, the loss rises most for: {shown}."
    if unclear := [one.name for one in gains if not one.gain.is_above_zero]:
        yield (
            f"No certain gain from {', '.join(unclear)}: the interval includes 0 or is below it. Features with the "
            "same information hide each other's gain, so leave out one at a time."
        )
    yield "What a feature costs to compute is not recorded, so costs are not compared."


def _describe_ages(ages: tuple[AgeGroup, ...]) -> Iterator[str]:
    if [one.name for one in ages] == [NEW]:
        yield "Every held-out row has a key that was never seen before, so nothing depends on a key's own history."
        return
    for one in ages:
        yield (
            f"Keys first seen {one.name} ({show_share(one.share)} of rows): loss {one.loss:.5g}, baseline "
            f"{one.baseline:.5g}{_advise(one.beyond_baseline)}."
        )


def _advise(difference: Estimate) -> str:
    if difference.is_above_zero:
        return "; the baseline is better, so prefer it for these rows"
    return "" if difference.is_below_zero else "; neither is certainly better"
