"""The account of a model as pure functions: what its nights cost, what its predictions return, whether it pays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from statistics import fmean, stdev
from typing import Literal

from pydantic import Field
from scipy.stats import kendalltau, t

from contender.records import DayReturn, Interval, TaskUse
from contender.specs import parse_dag_id
from contender.specs.frozen import Frozen

HOUR, GIGABYTE, DAYS_OF_MONTH = 3600.0, 1e9, 30.4
CONFIDENCE = 0.95
FORECAST_DAYS = 28
# Fewer weeks give Kendall's test no chance to be significant for both series, or one shaped by a single outage.
TREND_WEEKS = 8

Finding = Literal["pays", "does not pay", "not shown", "no return known", "no worth declared"]


class Prices(Frozen):
    """What an hour of a CPU, a gigabyte of memory for an hour, and a stored gigabyte for a month cost."""

    currency: str
    cpu: float
    memory: float
    storage: float


class Terms(Frozen):
    """Whose account it is, and by what it is settled.

    Outcomes that cover several days overlap, so `covered_days` days count as one in intervals. `valued` tells whether
    the contract declares what predictions are worth.
    """

    model: str
    prices: Prices
    covered_days: int = 1
    valued: bool = True


class Share(Frozen):
    """A used task, and the share of it that the model pays: the tasks of an input are split among its readers."""

    use: TaskUse
    share: float = 1.0


class Step(Frozen):
    """What the tasks of one kind of DAG use in a mean night, the model's share of it; memory is the largest."""

    verb: str
    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    cost: float


class Week(Frozen):
    """A week: the mean cost of its nights, and the mean gain of its days above the baseline; None without records."""

    first: date
    cost: float | None
    gain: float | None


class Forecast(Frozen):
    """The mean gain of the next four weeks' days, expected from the last four weeks, and how often it was right."""

    gain: float
    interval: Interval
    held: int = Field(description="earlier forecasts whose interval contained what came")
    made: int = Field(description="earlier forecasts of four weeks that have passed")


class Account(Frozen):
    """Cost and return of a model per night or day, in `currency`; None where nothing is known."""

    model: str
    currency: str
    nights: int
    days: int
    steps: tuple[Step, ...]
    storage: float = Field(description="cost of the stored bytes for a day")
    cost: float | None = Field(description="of a mean night, with storage")
    rows: float | None = Field(description="rows of a mean day")
    gain: float | None = Field(description="mean daily worth above the baseline's")
    gain_interval: Interval | None
    of_refreshing: float | None = Field(description="mean daily worth above that of the version a week older")
    of_refreshing_interval: Interval | None
    finding: Finding
    weeks: tuple[Week, ...]
    worse_since: date | None = Field(
        description="first week in which costs were rising while gains were falling"
    )
    forecast: Forecast | None

    @property
    def break_even(self) -> float | None:
        """The gain of a row that would pay for a night."""
        return None if self.cost is None or not self.rows else self.cost / self.rows


def settle(terms: Terms, shares: Sequence[Share], returns: Sequence[DayReturn], stored_bytes: int) -> Account:
    """Return the account of a model from its tasks, its returns in the order of days, and the size of its tables."""
    prices, covered = terms.prices, terms.covered_days
    counted = _of_own_nights(terms.model, shares)
    nightly, storage = _by_night(counted, prices), _price_storage(stored_bytes, prices)
    cost = fmean(nightly.values()) + storage if nightly else None
    gains = {one.day: one.gain for one in returns if one.gain is not None}
    refreshed = [one.gain_of_refresh for one in returns if one.gain_of_refresh is not None]
    gain, interval = _mean(list(gains.values()), covered)
    of_refreshing, its_interval = _mean(refreshed, covered)
    weeks = _weeks(nightly, gains, storage)
    return Account(
        model=terms.model,
        currency=prices.currency,
        nights=len(nightly),
        days=len(gains),
        steps=_steps(counted, prices, len(nightly)),
        storage=storage,
        cost=cost,
        rows=fmean(one.rows for one in returns) if returns else None,
        gain=gain,
        gain_interval=interval,
        of_refreshing=of_refreshing,
        of_refreshing_interval=its_interval,
        finding=judge(cost, gain, interval, valued=terms.valued),
        weeks=weeks,
        worse_since=find_worsening(weeks),
        forecast=forecast(list(gains.values()), covered),
    )


def judge(cost: float | None, gain: float | None, interval: Interval | None, *, valued: bool) -> Finding:
    """Return whether the model pays: its gain exceeds its cost, or does not, by the whole interval."""
    if not valued:
        return "no worth declared"
    if cost is None or gain is None or interval is None:
        return "no return known"
    if interval.low > cost:
        return "pays"
    return "does not pay" if interval.high < cost else "not shown"


def price(use: TaskUse, prices: Prices) -> float:
    """Return the cost of a task: its CPU time, and its largest memory for as long as it ran."""
    memory = use.peak_bytes / GIGABYTE * use.wall_seconds / HOUR
    return use.cpu_seconds / HOUR * prices.cpu + memory * prices.memory


def _price_storage(stored_bytes: int, prices: Prices) -> float:
    return stored_bytes / GIGABYTE * prices.storage / DAYS_OF_MONTH


def find_worsening(weeks: Sequence[Week]) -> date | None:
    """Return the first week since which costs have been rising while gains were falling, or None.

    Each is a significant trend of Kendall's rank correlation with time (Mann, "Nonparametric tests against trend",
    Econometrica 13, 1945), of all weeks up to then.
    """
    since: date | None = None
    for count in range(TREND_WEEKS, len(weeks) + 1):
        known = [week for week in weeks[:count] if week.cost is not None and week.gain is not None]
        worse = _trend([week.cost for week in known]) > 0 > _trend([week.gain for week in known])
        since = (since or weeks[count - 1].first) if worse else None
    return since


def forecast(gains: Sequence[float], covered_days: int) -> Forecast | None:
    """Return the forecast of the next four weeks' mean gain, with a score of the same forecasts of the past."""
    newest = _expect(gains[-FORECAST_DAYS:], covered_days)
    if newest is None:
        return None
    held = made = 0
    for end in range(len(gains) - FORECAST_DAYS, FORECAST_DAYS - 1, -FORECAST_DAYS):
        earlier = _expect(gains[end - FORECAST_DAYS : end], covered_days)
        if earlier is not None:
            came = fmean(gains[end : end + FORECAST_DAYS])
            made, held = made + 1, held + (earlier[1].low <= came <= earlier[1].high)
    return Forecast(gain=newest[0], interval=newest[1], held=held, made=made)


def _expect(gains: Sequence[float], covered_days: int) -> tuple[float, Interval] | None:
    """Return the mean, and the interval in which the mean of four more weeks is expected."""
    counted = FORECAST_DAYS / covered_days
    if len(gains) < FORECAST_DAYS or counted < 2:
        return None
    error = stdev(gains) * (2 / counted) ** 0.5  # that of a mean, and that of the next one
    mean, reach = fmean(gains), _quantile(counted) * error
    return mean, Interval(low=mean - reach, high=mean + reach)


def _mean(figures: Sequence[float], covered_days: int) -> tuple[float | None, Interval | None]:
    """Return the mean of daily figures, and its interval by Student's t."""
    counted = len(figures) / covered_days
    if counted < 2:
        return (fmean(figures) if figures else None), None
    mean, reach = fmean(figures), _quantile(counted) * stdev(figures) / counted**0.5
    return mean, Interval(low=mean - reach, high=mean + reach)


def _quantile(counted: float) -> float:
    return float(t.ppf(0.5 + CONFIDENCE / 2, counted - 1))


def _trend(figures: Iterable[float | None]) -> int:
    """Return 1 or -1 for a significant rise or fall in time, else 0."""
    known = list(figures)
    if len(known) < TREND_WEEKS or len(set(known)) == 1:
        return 0
    found = kendalltau(range(len(known)), known)
    if not found.pvalue < 1 - CONFIDENCE:
        return 0
    return 1 if found.statistic > 0 else -1


def _of_own_nights(model: str, shares: Sequence[Share]) -> list[Share]:
    """Return the tasks of the nights in which the model had tasks of its own, not only its inputs."""
    own = {share.use.night for share in shares if share.use.subject == model}
    return [share for share in shares if share.use.night in own]


def _by_night(shares: Sequence[Share], prices: Prices) -> dict[date, float]:
    """Return the cost of each night, in order."""
    costs: dict[date, float] = defaultdict(float)
    for share in shares:
        if share.use.night is not None:
            costs[share.use.night] += share.share * price(share.use, prices)
    return dict(sorted(costs.items()))


def _steps(shares: Sequence[Share], prices: Prices, nights: int) -> tuple[Step, ...]:
    by_verb: dict[str, list[Share]] = defaultdict(list)
    for share in shares:
        by_verb[parse_dag_id(share.use.dag).verb].append(share)

    def per_night(some: Sequence[Share], figure: Callable[[TaskUse], float]) -> float:
        return sum(one.share * figure(one.use) for one in some) / max(nights, 1)

    steps = [
        Step(
            verb=verb,
            cpu_seconds=per_night(some, lambda use: use.cpu_seconds),
            wall_seconds=per_night(some, lambda use: use.wall_seconds),
            peak_bytes=max(one.use.peak_bytes for one in some),
            cost=per_night(some, lambda use: price(use, prices)),
        )
        for verb, some in by_verb.items()
    ]
    return tuple(sorted(steps, key=lambda step: -step.cost))


def _weeks(nightly: Mapping[date, float], gains: Mapping[date, float], storage: float) -> tuple[Week, ...]:
    """Return the weeks, from Monday on, from the first record to the last; the newest, unfinished one is left out."""
    days = [*nightly, *gains]
    if not days:
        return ()
    monday, last = _monday(min(days)), _monday(max(days))
    weeks = []
    while monday < last:
        of_week = [monday + timedelta(days=nth) for nth in range(7)]
        costs = [nightly[day] + storage for day in of_week if day in nightly]
        gained = [gains[day] for day in of_week if day in gains]
        cost, gain = (fmean(some) if some else None for some in (costs, gained))
        weeks.append(Week(first=monday, cost=cost, gain=gain))
        monday += timedelta(days=7)
    return tuple(weeks)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
