"""Run a drill: run the nights on a changed history, and compare the served loss of strategies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import pandas as pd

from contender.backtesting import Fits, PolicyResult, ServedDay, run_backtest_on
from contender.drilling.changes import Case, DrillError
from contender.drilling.drills import DRILLS
from contender.drilling.oracle import WINDOWS, find_oracle
from contender.drilling.plan import Plan, change_history
from contender.drilling.result import DrilledNight, DrillResult, join_night, list_mails
from contender.records import Decision, Monitored
from contender.specs import Days, ModelSpec


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
    for night in plan.lead(model).each():
        quiet.fit_all(night)
        report(night)
    case, history = change_history(quiet, plan)
    fits = quiet.on_changed(history, plan.start, _fault(plan, case))
    backtest = run_backtest_on(fits, plan.all_nights(model), ("ours", "blind"), "nightly", report)
    ours, blind = backtest.results
    served, window = _serve_strategies(fits, plan, (ours, blind), report)
    monitored = dict(zip(plan.all_nights(model).each(), ours.monitored, strict=True))
    mails = list_mails(model, monitored, ours.decisions, backtest.failed)
    return DrillResult(
        **plan._asdict() | {"nights": drilled},
        model=model.name,
        summary=DRILLS[plan.drill].summary,
        loss=model.loss,
        right=DRILLS[plan.drill].verdict,
        monitored=tuple(_join_nights(monitored, ours.decisions, drilled)),
        mails=tuple(sorted((mail for mail in mails if mail.night in drilled), key=lambda mail: mail.night)),
        served={name: tuple(its) for name, its in served.items()},
        oracle_window=window,
    )


def _fault(plan: Plan, case: Case) -> Callable[[pd.DataFrame], pd.DataFrame] | None:
    """Return the fault of the served scores, if that is the drill."""
    drill = DRILLS[plan.drill]
    return (lambda rows: drill.change(rows, plan.start, case)) if drill.of == "scores" else None


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


def _join_nights(
    monitored: Mapping[date, Monitored], decisions: Sequence[Decision], nights: Days
) -> Iterator[DrilledNight]:
    for night in nights.each():
        yield join_night(night, monitored[night], [one for one in decisions if one.night == night])
