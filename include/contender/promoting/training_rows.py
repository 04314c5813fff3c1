"""Guards of the training data: enough rows, no key twice, every day gated, an unchanged past, and usual outcomes."""

from __future__ import annotations

from contender.promoting.reasons import not_applicable, require_at_least, require_at_most
from contender.records import Evaluation, Reason
from contender.specs import Guards


def has_rows(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check that the number of training rows has not shrunk."""
    champion, challenger = evaluation.champion, evaluation.challenger
    assert champion is not None
    template = (
        f"{challenger.rows:,} training rows, {{observed:.2f}} times the champion's; "
        "at least {bound:.2f} times required"
    )
    return require_at_least("training_rows", challenger.rows / champion.rows, guards.min_rows_ratio, template)


def has_days(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check that the number of training days has not shrunk."""
    champion, challenger = evaluation.champion, evaluation.challenger
    assert champion is not None
    template = (
        f"{challenger.days_with_rows} training days, {{observed:.2f}} times the champion's; "
        "at least {bound:.2f} times required"
    )
    ratio = challenger.days_with_rows / champion.days_with_rows
    return require_at_least("training_days", ratio, guards.min_days_ratio, template)


def is_complete(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check that few days are missing between the first day with training rows and the end of the window."""
    missing, present = evaluation.challenger.missing_days, evaluation.challenger.days_with_rows
    template = (
        f"{missing} of {missing + present} training days have no rows and are not declared closed "
        "({observed:.1%}); at most {bound:.1%} allowed"
    )
    return require_at_most("missing_days", missing / (missing + present), guards.max_missing_days, template)


def has_no_repeated_rows(evaluation: Evaluation, _: Guards) -> Reason:
    """Check that every key occurs once in the training rows."""
    repeated = evaluation.challenger.repeated_rows
    template = (
        f"{repeated:,} training rows have the same key as another row; none allowed"
        if repeated
        else "every key occurs once in the training rows"
    )
    return require_at_most("repeated_rows", repeated, 0, template)


def is_gated(evaluation: Evaluation, _: Guards) -> Reason:
    """Check that every training day passed its gates or was released."""
    gates = evaluation.gates
    if gates is None:
        return not_applicable("gates", 0, "gate verdicts were not read: this run is not part of the DAGs")
    explanation = f"all {gates.days} training days passed their gates"
    if gates.released:
        explanation += f", {gates.released} batches of them after a release"
    if gates.ungated:
        explanation = (
            f"{len(gates.ungated)} of {gates.days} training days passed no gate, the first is {gates.ungated[0]}: "
            "build them with the features DAG, which runs the gates"
        )
    return require_at_most("gates", len(gates.ungated), 0, explanation)


def keeps_history(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check that the training rows of the days that the champion was trained on have not changed."""
    history, bound = evaluation.history, guards.max_history_change
    if history is None:
        return not_applicable(
            "history", bound, "there is no earlier version to compare the training rows with"
        )
    champion, challenger = evaluation.champion, evaluation.challenger
    same_recipe = champion is not None and champion.recipe_fingerprint == challenger.recipe_fingerprint
    # Another recipe may have other features, but its rows and labels must be the same.
    compared = {
        name: share for name, share in history.changed.items() if same_recipe or name in ("rows", "label")
    }
    # Airflow's database may return the keys of a mapping in another order.
    worst = max(sorted(compared), key=lambda name: compared[name])
    template = (
        f"`{worst}` changed by {{observed:.2%}} on {history.shared_days} days that the champion was also trained on; "
        "at most {bound:.2%} allowed"
    )
    if history.excused_days:
        template += f"; {history.excused_days} days that a person replaced or released are ignored"
    found = require_at_most("history", compared[worst], bound, template)
    remedy = ". If the change is intended, deliver those days with `contender backfill --reason`"
    if history.lost:
        lost = f"most rows with {', '.join(history.lost)} disappeared"
        explanation = f"{lost}; {found.explanation}{remedy}"
        return found.model_copy(update={"passed": False, "explanation": explanation})
    return found if found.passed else found.model_copy(update={"explanation": found.explanation + remedy})


def has_usual_outcomes(evaluation: Evaluation, _: Guards) -> Reason:
    """Check that recent outcomes agree with the predictions that were served for them as well as earlier ones did."""
    found = evaluation.outcomes
    if found is None or (found.missing is None and found.weaker is None):
        explanation = "there are too few served days with outcomes to compare"
        return not_applicable("outcomes", None if found is None else found.bar, explanation)
    evidence = {
        "that positive outcomes are missing": found.missing,
        "that outcomes follow the predictions less": found.weaker,
    }
    known = {what: value for what, value in evidence.items() if value is not None}
    template = f"over {found.days} served days, the evidence "
    template += " and ".join(f"{what} is {value:.1f}" for what, value in known.items())
    template += "; it must stay at or below {bound:g}"
    if found.excused_days:
        template += f"; {found.excused_days} days that a person replaced or released are ignored"
    reason = require_at_most("outcomes", max(known.values()), found.bar, template)
    remedy = (
        ". Check the newest labels; if they are right, deliver those days with `contender backfill --reason`"
    )
    return reason if reason.passed else reason.model_copy(update={"explanation": reason.explanation + remedy})
