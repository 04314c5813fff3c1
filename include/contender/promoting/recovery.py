"""The decision of a night in a break: which strategy serves, and when the break is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from statistics import fmean

from contender.promoting.composing import Kind, compose_decision
from contender.promoting.guards import judge_strategy
from contender.promoting.strategies import (
    choose_strategy,
    find_break,
    is_over,
    name_stream,
    prove_better,
    read_losses,
)
from contender.records import (
    KEPT,
    Decision,
    Evaluation,
    Evidence,
    Monitored,
    Reason,
    Standing,
    identify,
    name_strategy,
    question_of,
)
from contender.specs import BASELINE, Days, Guards, ModelSpec

# The entries after which no break is open until a verdict begins one.
CLOSING = ("first", "promoted", "returned", "rolled_back", "emergency", "resumed")
# A break is not remembered for longer.
LONGEST_BREAK = 365


def add_break(
    model: ModelSpec,
    standing: Standing,
    past: Sequence[Monitored],
    closed: date,
    served_on: Callable[[date], int | None],
) -> Standing:
    """Return the standing with the open break, if there is one. `past` holds the monitored days, oldest first.

    `closed` is the night of the newest entry that closed a break. While a person has suspended refreshes, no break is
    open.
    """
    if model.recovery is None or standing.suspended is not None:
        return standing
    last = model.matured_days(Days.one(closed)).last
    began = find_break(past, model.recovery.acts_on, last)
    if began is None:
        return standing
    night = began + (closed - last)
    together = any(one.verdict == "regime_break" for one in past if one.day >= began)
    return standing.model_copy(update={"broken": night, "kept": served_on(night), "inputs_broke": together})


def decide_recovery(
    evaluations: Sequence[Evaluation], evidence: Sequence[Evidence], standing: Standing, guards: Guards
) -> Decision | None:
    """Decide which strategy serves in a break. None before any is measured: the night is then decided as usual.

    A version is only considered if no guard of facts blocks it. If no break is open any more, refreshes serve again.
    """
    champion = evaluations[0].champion
    assert champion is not None
    measured = [one for one in evidence if one.question == "recovery"]
    if not measured and not champion.strategy:
        return None
    tonight = {name_stream(one.challenger, standing): one for one in evaluations}
    serving, refreshed = name_stream(champion, standing), str(standing.recipe)
    losses = read_losses(measured)
    lag = measured[0].lag if measured else 1
    facts = {}
    for stream, one in tonight.items():
        proof = prove_better(losses, stream, lag) if standing.inputs_broke else None
        facts[stream] = judge_strategy(one, guards, standing.broken, proof)
    able = {stream for stream, found in facts.items() if all(reason.passed for reason in found)}
    possible = {stream: losses[stream] for stream in _list_possible(losses, able, serving)}
    chosen = choose_strategy(possible, serving, refreshed, lag) if possible else serving
    over = standing.broken is None or (is_over(measured) and _passes_as_usual(tonight.get(refreshed), guards))
    if over and refreshed in able:
        chosen = refreshed
    reason = _explain(losses, chosen, standing, facts)
    if chosen == KEPT and serving != KEPT:
        return _serve_kept(evaluations[0], evidence, standing, reason)
    kind: Kind = "held" if chosen not in able else "returned" if over else "recovered"
    judged = tonight[chosen] if chosen in able else tonight.get(refreshed, evaluations[0])
    reason = reason.model_copy(update={"passed": kind != "held"})
    own = facts[name_stream(judged.challenger, standing)]
    decision = compose_decision(kind, judged, champion.version, (reason, *own), evidence)
    return decision.model_copy(update={"id": identify("recovery", kind, judged.id, champion.version)})


def _passes_as_usual(refresh: Evaluation | None, guards: Guards) -> bool:
    """Return whether a refresh passes without evidence that outweighs a guard: there is none after the break."""
    return refresh is not None and all(reason.passed for reason in judge_strategy(refresh, guards))


def _list_possible(measured: Collection[str], able: Collection[str], serving: str) -> list[str]:
    """Return the measured strategies that may serve; the baseline only if no declared strategy may.

    If every version of tonight is blocked, the serving strategy stays one of them: the version from before the break
    must be better to serve again.
    """
    if not any(stream in able for stream in measured):
        return [stream for stream in measured if stream in (KEPT, serving)]
    possible = [stream for stream in measured if stream in able or stream == KEPT]
    fallback = name_strategy(BASELINE)
    declared = any(
        question_of(stream) == "recovery" and stream not in (KEPT, fallback) for stream in possible
    )
    return [stream for stream in possible if stream != fallback or not declared]


def _serve_kept(
    judged: Evaluation, evidence: Sequence[Evidence], standing: Standing, reason: Reason
) -> Decision:
    """Return the decision to serve the version from before the break again; no evaluation of tonight is about it."""
    assert standing.kept is not None
    decision = compose_decision("recovered", judged, standing.champion, (reason,), evidence)
    return decision.model_copy(
        update={
            "id": identify("kept", judged.model, judged.night, standing.champion, standing.kept),
            "evaluation": None,
            "champion_after": standing.kept,
            "challenger": standing.kept,
            "challenger_recipe": standing.recipe,
            "pins": (),
            "seed": None,
            "why": reason.explanation,
        }
    )


def _explain(
    losses: Mapping[str, Sequence[float]],
    chosen: str,
    standing: Standing,
    facts: Mapping[str, Sequence[Reason]],
) -> Reason:
    """Return the reason for a choice: the mean loss of each strategy, and the guards that block some of them."""
    names = {str(standing.recipe): "refresh", KEPT: f"version {standing.kept} from before the break"}
    means = {stream: fmean(days) for stream, days in losses.items()}
    listed = []
    for stream, loss in sorted(means.items(), key=lambda item: item[1]):
        blocking = [reason.guard for reason in facts.get(stream, ()) if not reason.passed]
        listed.append(
            f"{names.get(stream, stream)} {loss:.4f}"
            + (f" (blocked by {', '.join(blocking)})" if blocking else "")
        )
    since = "the break is over" if standing.broken is None else f"break since {standing.broken}"
    explanation = f"{since}: {names.get(chosen, chosen)} serves"
    if listed:
        explanation += f". Mean losses on the newest days with outcomes: {', '.join(listed)}"
    return Reason(
        guard="recovery", passed=True, observed=means.get(chosen), bound=None, explanation=explanation
    )
