"""The guards of what a version was fitted on: as many rows as before, each once, all gated, and the past as it was."""

from __future__ import annotations

from contender.promoting.wording import at_least, at_most, unasked
from contender.records import Evaluation, Reason
from contender.specs import Guards


def has_rows(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether its training rows have not shrunk."""
    champion, challenger = evaluation.champion, evaluation.challenger
    assert champion is not None
    told = f"{challenger.rows:,} training rows, {{observed:.2f}} times the champion's"
    return at_least("training_rows", challenger.rows / champion.rows, guards.min_rows_ratio, told)


def has_days(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether its training days have not shrunk."""
    champion, challenger = evaluation.champion, evaluation.challenger
    assert champion is not None
    told = f"{challenger.days_with_rows} training days, {{observed:.2f}} times the champion's"
    return at_least(
        "training_days", challenger.days_with_rows / champion.days_with_rows, guards.min_days_ratio, told
    )


def is_complete(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether hardly a day is missing between the first with training rows and the last of the window."""
    missing, there = evaluation.challenger.missing_days, evaluation.challenger.days_with_rows
    told = f"{missing} of {missing + there} training days have no rows and are not closed"
    return at_most("missing_days", missing / (missing + there), guards.max_missing_days, told)


def has_no_repeated_rows(evaluation: Evaluation, _: Guards) -> Reason:
    """Whether every training row stands there once."""
    repeated = evaluation.challenger.repeated_rows
    told = (
        f"{repeated:,} training rows have the key of another one" if repeated else "no row stands there twice"
    )
    return at_most("repeated_rows", repeated, 0, told)


def is_gated(evaluation: Evaluation, _: Guards) -> Reason:
    """Whether a gate let every day of its training data through."""
    gates = evaluation.gates
    if gates is None:
        return unasked("gates", 0, "no gates were asked: this is no night of the DAGs")
    told = f"a gate let all {gates.days} training days through"
    if gates.released:
        told += f", {gates.released} batches of them by a person's word"
    if gates.ungated:
        told = (
            f"no gate let {len(gates.ungated)} of {gates.days} training days through, the first {gates.ungated[0]}: "
            "build them by the DAG of the features, which gates them"
        )
    return at_most("gates", len(gates.ungated), 0, told)


def keeps_history(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether the days that the champion was fitted on, too, are still what they were."""
    history, bound = evaluation.history, guards.max_history_change
    if history is None:
        return unasked("history", bound, "no day to compare with what another version was fitted on")
    champion, challenger = evaluation.champion, evaluation.challenger
    same_recipe = champion is not None and champion.recipe_fingerprint == challenger.recipe_fingerprint
    # Another recipe may come with other features; its rows and labels are the same.
    looked_at = {
        name: share for name, share in history.changed.items() if same_recipe or name in ("rows", "label")
    }
    worst = max(looked_at, key=lambda name: looked_at[name])
    told = (
        f"of {worst}, {{observed:.2%}} is different on {history.shared_days} days that were fitted on before"
    )
    if history.excused_days:
        told += f"; {history.excused_days} days that a person replaced or released are left out"
    found = at_most("history", looked_at[worst], bound, told)
    way_out = "; if that was meant, deliver those days by `contender backfill --reason`"
    if history.lost:
        gone = f"of {', '.join(history.lost)} most rows are gone{way_out}"
        return found.model_copy(update={"holds": False, "explanation": f"{gone}; {found.explanation}"})
    return found if found.holds else found.model_copy(update={"explanation": found.explanation + way_out})
