"""The seven tests of model development."""

from __future__ import annotations

import re
from collections.abc import Iterable
from statistics import fmean

from contender.records import Evaluation, Monitored
from contender.scorecard.evidence import Evidence
from contender.scorecard.findings import (
    AUTOMATIC,
    BY_HAND,
    NOT_DONE,
    Finding,
    Seen,
    add,
    judge_runs,
    limit,
    seen_entry,
    seen_evaluation,
    seen_guard,
)
from contender.specs import Recipe

_COMMIT = re.compile(r"[0-9a-f]{12}")
_DAYS = 7  # monitored days from which offline and online loss are compared: one of each weekday
_CHOOSING = ("first", "promoted")  # entries that make another recipe serve, apart from a break


def find_review(evidence: Evidence) -> Finding:
    """Search versions of a commit without local changes, and a person's approval of the serving recipe."""
    committed = [
        seen_evaluation(one) for one in evidence.evaluations if _COMMIT.fullmatch(one.challenger.code_version)
    ]
    chosen = next((one for one in evidence.entries if one.decision.kind in _CHOOSING), None)
    reviewer = None if chosen is None else chosen.decision.approved_by
    missing = []
    if not committed:
        missing.append("commit the catalog, and run nights from the commit without local changes")
    if chosen is None or reviewer is None:
        missing.append("no person approved the serving recipe: set `approval=Approval(new_recipes=True)`")
    why = f"{len(committed)} of the newest {len(evidence.evaluations)} versions come from a commit"
    why += f"; {reviewer} approved the serving recipe" if reviewer else ""
    where = [one.where for one in committed[:1]]
    if chosen is not None and reviewer:
        where.append(seen_entry(chosen).where)
    score = (AUTOMATIC, BY_HAND, NOT_DONE)[len(missing)]
    return Finding(score=score, why=why, evidence=tuple(where), missing="; ".join(missing) or None)


def find_online(evidence: Evidence) -> Finding:
    """Search monitored days with both the loss on outcomes and that of the version's evaluation."""
    days = [one for one in evidence.monitored if one.measures and one.expected_loss is not None]
    finding = judge_runs(
        "offline loss beside the loss of served predictions",
        seen_monitored(days),
        "let the monitoring DAG run each night; compare the columns of `contender monitor`",
        needed=_DAYS,
    )
    if not days:
        return finding
    online = fmean(one.measures.loss for one in days if one.measures)
    offline = fmean(one.expected_loss for one in days if one.expected_loss is not None)
    return add(finding, f"mean loss {online:.4f} online and {offline:.4f} offline")


def find_tuning(evidence: Evidence) -> Finding:
    """Search nights that compared recipes which differ only in hyperparameters."""
    recipes = {recipe.name: recipe for recipe in evidence.model.recipes}
    tuned, compared = [], []
    for one, other in evidence.same_night():
        first, second = recipes.get(one.challenger.recipe), recipes.get(other.challenger.recipe)
        if first is None or second is None or first.name == second.name:
            continue
        compared.append(seen_evaluation(one))
        if first.estimator == second.estimator and _tuned(first) != _tuned(second):
            tuned.append(compared[-1])
    advice = "add a recipe to spec.py with the same estimator and other `parameters` or another window"
    if tuned:
        return judge_runs("recipes with other hyperparameters, compared", tuned, "run more nights")
    finding = judge_runs("different recipes, compared", compared, advice)
    return limit(finding, f"no two of them differ only in hyperparameters: {advice}")


def find_staleness(evidence: Evidence) -> Finding:
    """Search comparisons of an older version with the newest refresh."""
    compared = [
        seen_entry(entry)
        for entry in evidence.recent_entries
        if any(one.question == "still" and one.days for one in entry.decision.evidence)
    ]
    backtests = [file for file in evidence.reports if "backtest-" in file]
    if compared or not backtests:
        return judge_runs(
            "an older version compared with the newest refresh",
            compared,
            f"run nights until a version that is kept has outcomes, or measure the policy `static`: "
            f"contender backtest {evidence.model.name} --from FIRST --to LAST",
        )
    return Finding(
        score=BY_HAND,
        why=f"{len(backtests)} backtests beside a version that is never refreshed",
        evidence=tuple(backtests[:2]),
        missing="the nights do not compare an older version yet: run more nights",
    )


def find_simpler(evidence: Evidence) -> Finding:
    """Search comparisons with the baseline."""
    finding = judge_runs(
        "comparison with the baseline",
        seen_guard(evidence.recent_entries, "baseline"),
        "run a night: the guard `baseline` compares each version",
    )
    if not evidence.evaluations:
        return finding
    one = evidence.evaluations[0]
    ours, baseline = one.challenger_measures.loss, one.baseline_measures.loss
    return add(finding, f"newest loss {ours:.4f}, of the baseline {baseline:.4f}")


def find_slices(evidence: Evidence) -> Finding:
    """Search losses by slice."""
    measured = [one for one in evidence.evaluations if one.slices]
    finding = judge_runs(
        "loss by slice",
        map(seen_evaluation, measured),
        "declare `slices` in spec.py" if not evidence.model.slices else "run a night",
    )
    return add(finding, f"{len(measured[0].slices)} slices" if measured else "")


def find_inclusion(evidence: Evidence) -> Finding:
    """Search losses by slices of a column that is marked as personal data."""
    personal = {column.name for column in evidence.personal_columns}
    titles = {part.title: part.column for part in evidence.model.slices if part.column in personal}
    measured = [
        seen_evaluation(one)
        for one in evidence.evaluations
        if any(name in titles or name.partition("=")[0] in titles for name in _slices(one))
    ]
    columns = ", ".join(sorted(set(titles.values())))
    return judge_runs(
        f"loss by groups of people ({columns})" if columns else "loss by groups of people",
        measured,
        "mark columns about people with `pii=True`, and add a slice of each such key or feature to spec.py; "
        "behaviour tests may also show that a group changes no prediction, but records do not name such tests",
    )


def seen_monitored(days: Iterable[Monitored]) -> list[Seen]:
    """Return where monitored days can be read."""
    return [Seen(one.day, f"monitored day {one.id}: contender monitor {one.model} --why") for one in days]


def _slices(evaluation: Evaluation) -> list[str]:
    return [part.name for part in evaluation.slices]


def _tuned(recipe: Recipe) -> tuple[object, ...]:
    return recipe.parameters, recipe.window_days, recipe.half_life_days
