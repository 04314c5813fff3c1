"""Words an alert: what failed, what was observed against what was promised, what was done, what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from contender.records import Alert, Entry, Evaluation, GateResult, Measures, Proposal, identify
from contender.redaction import redact
from contender.rendering import templates
from contender.specs import ACCESS_FILE, dag_id, parse_dag_id
from contender.specs.frozen import Frozen

TEMPLATES = Path(__file__).parent / "templates"


class FailedTask(Frozen):
    """A task that failed for good, as Airflow describes it."""

    dag: str
    task: str
    run: str
    days: str
    error: str
    log_url: str


def compose_gate_alert(result: GateResult, *, to: str, gate_url: str, log_url: str) -> Alert:
    """The mail about a failed gate. Keys of failing rows come masked from the gate."""
    name = result.table.partition(".")[2]
    values = {"result": result, "name": name, "gate_url": gate_url, "log_url": log_url}
    broken = len([e for e in result.failed if e.verdict == "fail"]) + len(result.defects)
    return Alert(
        id=identify("alert", result.id),
        kind="gate",
        about=name,
        to=(to,),
        subject=_line(f"[contender] {name} {result.days.key}: gate failed, {broken} promises broken"),
        text=_render("gate.txt", values),
        html=_render("gate.html", values),
    )


def compose_task_alert(failed: FailedTask, *, to: str) -> Alert:
    """The mail about a task that failed for good, for another reason than a gate's verdict."""
    about = parse_dag_id(failed.dag).subject or failed.dag
    # Escaped for HTML, a secret would no longer be found.
    values = failed.model_dump() | {"error": redact(failed.error)}
    return Alert(
        id=identify("alert", failed.dag, failed.task, failed.run, failed.error),
        kind="task",
        about=about,
        to=(to,),
        subject=_line(f"[contender] {failed.dag} {failed.days}: {failed.task} failed"),
        text=_render("task.txt", values),
        html=_render("task.html", values),
    )


def compose_decision_alert(entry: Entry, *, to: str) -> Alert:
    """The mail about what a person decided of a champion."""
    decision = entry.decision
    told = {
        "rolled_back": f"rolled back to version {decision.champion_after}",
        "emergency": f"version {decision.champion_after} put in place by hand",
        "resumed": "refreshes serve again",
    }
    values = {
        "entry": entry,
        "decision": decision,
        "what": told.get(decision.kind, decision.kind),
        "scoring_dag": dag_id("score", decision.model),
    }
    return Alert(
        id=identify("alert", decision.id),
        kind="decision",
        about=decision.model,
        to=(to,),
        subject=_line(f"[contender] {decision.model}: {values['what']} by {decision.by}"),
        text=_render("decision.txt", values),
        html=_render("decision.html", values),
    )


def compose_approval_alert(
    proposal: Proposal, evaluation: Evaluation, *, to: tuple[str, ...], page_url: str
) -> Alert:
    """The mail about a decision that waits for a person. Its text is what the form of the answer shows, too."""
    decision = proposal.decision
    serving = decision.champion_before
    version = f"version {decision.challenger} (recipe {evaluation.challenger.recipe})"
    place = f"serve in the place of version {serving}" if serving else "be the first that serves"
    values = {
        "proposal": proposal,
        "decision": decision,
        "question": f"Shall {version} {place}?",
        "unchanged": "the champion serves on" if serving else "no version serves yet",
        "figures": tuple(_key_figures(proposal, evaluation)),
        "page_url": page_url,
    }
    return Alert(
        id=identify("alert", "approval", decision.id, proposal.asked),
        kind="approval",
        about=decision.model,
        to=to,
        subject=_line(
            f"[contender] {decision.model} {decision.night}: {proposal.what} waits for approval until "
            f"{proposal.deadline:%Y-%m-%d %H:%M} UTC"
        ),
        text=_render("approval.txt", values),
        html=_render("approval.html", values),
    )


def compose_access_alert(differences: Sequence[str], *, to: str, before: Alert | None) -> Alert | None:
    """The mail about how Airflow's roles differ from access.yaml, and about the end of it.

    None where `before`, the last such mail, said the same already; where nothing differs and nothing did.
    """
    if before is None and not differences:
        return None
    told = f"Airflow's roles are as {ACCESS_FILE} says again"
    if many := len(differences):
        told = f"Airflow's roles differ from {ACCESS_FILE} in {many} way{'s' if many > 1 else ''}"
    values = {"told": told, "differences": differences}
    text = _render("access.txt", values)
    if before is not None and before.text == text:
        return None
    return Alert(
        # After the same finding was mended and has come back, it is another mail.
        id=identify("alert", "access", text, before.id if before else ""),
        kind="access",
        about=ACCESS_FILE,
        to=(to,),
        subject=_line(f"[contender] {told}"),
        text=text,
        html=_render("access.html", values),
    )


def _key_figures(proposal: Proposal, evaluation: Evaluation) -> Iterator[str]:
    yield (
        f"Judged on {evaluation.judged_on.key}, {evaluation.challenger_measures.rows:,} rows: loss "
        f"{_loss(evaluation.challenger_measures)}, the champion's {_loss(evaluation.champion_measures)}, "
        f"the simple baseline's {_loss(evaluation.baseline_measures)}"
    )
    for evidence in proposal.decision.evidence:
        if evidence.question == "race" and evidence.rival == proposal.decision.challenger_recipe:
            yield f"Evidence of {evidence.value:.1f} from {evidence.days} days; {evidence.bar:g} is enough"
    for reason in proposal.decision.reasons:
        yield f"{reason.guard}: {reason.explanation}"


def _loss(measures: Measures | None) -> str:
    if measures is None:
        return "unknown"
    interval = measures.loss_interval
    return f"{measures.loss:.4f}" + (f" ({interval.low:.4f} to {interval.high:.4f})" if interval else "")


def _line(subject: str) -> str:
    # A line break would end the header; whatever came from data must not begin another.
    return redact(" ".join(subject.split()))


def _render(template: str, values: Mapping[str, object]) -> str:
    return redact(templates(TEMPLATES).get_template(template).render(values))
