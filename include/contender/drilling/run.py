"""Run a drill: run the nights on a changed history, monitor each, and compare the served loss of strategies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import pandas as pd

from contender.backtesting import Backtest, Fits, PolicyResult, ServedDay, run_backtest_on
from contender.drilling.changes import Case, DrillError
from contender.drilling.drills import DRILLS, Drill
from contender.drilling.monitored import ServedRows, monitor_nights
from contender.drilling.oracle import WINDOWS, find_oracle
from contender.drilling.plan import Plan, change_history
from contender.drilling.result import DrilledNight, DrillResult, join_night, list_mails
from contender.measures import kind_of, mean_loss, read_scores, split_scores
from contender.records import Decision, Monitored
from contender.specs import Days, ModelSpec


class _Serving(NamedTuple):
    """What is served from the start of a drill on, with the fault of the served scores, if that is the drill."""

    fits: Fits
    drill: Drill
    start: date
    case: Case

    def rows(self, day: date, version: int) -> pd.DataFrame:
        """Return the rows of a day with the scores that were served."""
        days, model = Days.one(day), self.fits.model
        rows = self.fits.history.between(days)
        rows = rows.assign(**split_scores(model, self.fits.scores(version, days)))
        return self.drill.change(rows, self.start, self.case) if self.drill.of == "scores" else rows

    def measure(self, served: Sequence[ServedDay]) -> tuple[ServedDay, ...]:
        """Return the served days with the loss of the scores that were served."""
        if self.drill.of != "scores":
            return tuple(served)
        return tuple(day.model_copy(update={"loss": self._loss(day)}) for day in served)

    def _loss(self, day: ServedDay) -> float:
        assert day.version is not None
        rows, model = self.rows(day.day, day.version), self.fits.model
        return mean_loss(self.fits.loss, kind_of(model).encode(rows["label"]), read_scores(model, rows))


def count_steps(model: ModelSpec, plan: Plan) -> int:
    """Return how many times `run_drill` reports its progress."""
    windows = sum(window < model.recipes[0].window_days for window in WINDOWS)
    return len(plan.all_nights(model)) + len(plan.lead(model)) + windows * plan.nights


def run_drill(quiet: Fits, plan: Plan, report: Callable[[date], None] = lambda _: None) -> DrillResult:
    """Run a drill on the history of `quiet`, whose versions of the nights before are shared by all drills.

    `report` is called after each fit and each night, `count_steps` times. Raises DrillError if no version
    serves at the start.
    """
    model, drilled = quiet.model, plan.drilled(quiet.model)
    earlier = run_backtest_on(quiet, plan.earlier(model), ("blind",), "weekly", report)
    for night in plan.lead(model).each():
        quiet.fit_all(night)
        report(night)
    case, history = change_history(quiet, plan)
    fits = quiet.on_changed(history, plan.start)
    span = Days(first=plan.lead(model).first, last=drilled.last)
    backtest = run_backtest_on(fits, span, ("ours", "blind"), "nightly", report)
    ours, blind = backtest.results
    serving = _Serving(fits, DRILLS[plan.drill], plan.start, case)
    served, window = _serve_strategies(fits, plan, (ours, blind), report)
    results = monitor_nights(
        fits, dict(_join_days(serving, quiet, (earlier, backtest))), plan.all_nights(model)
    )
    monitored = dict(zip(plan.all_nights(model).each(), results, strict=True))
    mails = list_mails(model, monitored, ours.decisions, backtest.failed)
    return DrillResult(
        **plan._asdict() | {"nights": drilled},
        model=model.name,
        summary=serving.drill.summary,
        loss=model.loss,
        right=serving.drill.verdict,
        monitored=tuple(_join_nights(monitored, ours.decisions, drilled)),
        mails=tuple(sorted((mail for mail in mails if mail.night in drilled), key=lambda mail: mail.night)),
        served={name: serving.measure(its) for name, its in served.items()},
        oracle_window=window,
    )


def _serve_strategies(
    fits: Fits, plan: Plan, results: tuple[PolicyResult, PolicyResult], report: Callable[[date], None]
) -> tuple[Mapping[str, Sequence[ServedDay]], int]:
    """Return the served days of each strategy from the start on, and the window of the oracle."""
    (ours, blind), model, drilled = results, fits.model, plan.drilled(fits.model)
    scored = model.scored_days(drilled)
    static = _champion_before(ours.decisions, plan, model)
    blindly = [day for day in blind.served if day.day in scored]
    oracle = find_oracle(fits, drilled, blindly, report)
    served = {
        "ours": [day for day in ours.served if day.day in scored],
        "oracle": oracle.served,
        "static": [served for day in scored.each() for served in fits.serve(static, day)],
        "blind nightly": blindly,
    }
    return served, oracle.window


def _champion_before(decisions: Sequence[Decision], plan: Plan, model: ModelSpec) -> int:
    """Return the version that serves before the first night of a drill."""
    before = [decision.champion_after for decision in decisions if decision.night < plan.drilled(model).first]
    if not before or before[-1] is None:
        raise DrillError(
            f"{model.name}: no version was promoted in the nights {plan.lead(model).key}: start the drill later, or "
            "read with `contender backtest` what blocked the versions"
        )
    return before[-1]


def _join_days(
    serving: _Serving, quiet: Fits, backtests: Sequence[Backtest]
) -> Iterator[tuple[date, ServedRows]]:
    """Yield each served day with its rows; of the first backtest, those before the second one."""
    for fits, backtest in zip((quiet, serving.fits), backtests, strict=True):
        expected = _expected_losses(fits, backtest.results[0].decisions)
        for day in backtest.results[0].served:
            assert day.version is not None
            rows = serving.rows(day.day, day.version)
            yield day.day, ServedRows(day.version, rows, expected.get(day.version))


def _expected_losses(fits: Fits, decisions: Sequence[Decision]) -> Mapping[int, float]:
    """Return the loss of each promoted version in its evaluation."""
    return {
        one.challenger: fits.judge(one.challenger, one.champion_before).challenger_measures.loss
        for one in decisions
        if one.promoted
    }


def _join_nights(
    monitored: Mapping[date, Monitored], decisions: Sequence[Decision], nights: Days
) -> Iterator[DrilledNight]:
    for night in nights.each():
        yield join_night(night, monitored[night], [one for one in decisions if one.night == night])
