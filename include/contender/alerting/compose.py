"""Compose alert mails: what happened, what Contender has done about it, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field

from contender.alerting.wider_bounds import WiderBounds
from contender.records import (
    Alert,
    Decision,
    DriftVerdict,
    Entry,
    Evaluation,
    GateResult,
    Measures,
    Monitored,
    Proposal,
    identify,
    quarantine_id,
)
from contender.redaction import redact
from contender.rendering import templates
from contender.specs import ACCESS_FILE, Days, dag_id, parse_dag_id
from contender.specs.frozen import Frozen

TEMPLATES = Path(__file__).parent / "templates"
NIGHTS_UNTIL_MAIL = 3


class FailedTask(Frozen):
    """A task that failed after its last retry."""

    dag: str
    task: str
    run: str
    days: str = Field(description="as `Days.key`; empty for a run without days")
    error: str
    log_url: str
    number: int = Field(default=1, description="of the attempt")
    table: str = Field(default="", description="table of the batch that it should have published")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def business_days(self) -> Days | None:
        """The days of the run; None without days, or if its form was not filled in correctly."""
        try:
            return Days.read(self.days) if self.days else None
        except ValueError:
            return None


class Declared(Frozen):
    """Where the contract declares each failed expectation, by its identity, and other bounds of the number of rows."""

    lines: Mapping[str, str]
    wider: WiderBounds | None = None


def compose_gate_alert(
    result: GateResult, *, to: tuple[str, ...], gate_url: str, log_url: str, declared: Declared
) -> Alert:
    """Return the mail about a failed gate. The gate has already masked the keys of failing rows."""
    layer, _, name = result.table.partition(".")
    values = {
        "result": result,
        "name": name,
        "gate_url": gate_url,
        "log_url": log_url,
        "lines": declared.lines,
        "wider": declared.wider,
        "built": layer != "datasets",
        "dag": result.run.partition(" ")[0],
        "release_dag": dag_id("operations", "quarantine"),
        "batch": quarantine_id(result.fingerprint),
    }
    count = len([e for e in result.failed if e.verdict == "fail"]) + len(result.defects)
    failures = f"{count} check" + ("s" if count > 1 else "")
    return Alert(
        id=identify("alert", result.id),
        kind="gate",
        about=name,
        to=to,
        subject=one_line(f"[contender] {name} {result.days.key}: gate failed on {failures}"),
        text=render("gate.txt", values),
        html=render("gate.html", values),
    )


def compose_task_alert(failed: FailedTask, *, to: str) -> Alert:
    """Return the mail about a task that failed after its last retry for another reason than its gate's verdict."""
    about = parse_dag_id(failed.dag).subject or failed.dag
    # Redact before escaping for HTML, which could hide a secret from redaction.
    values = failed.model_dump() | {"error": redact(failed.error)}
    return Alert(
        id=identify("alert", failed.dag, failed.task, failed.run, failed.error),
        kind="task",
        about=about,
        to=(to,),
        subject=one_line(f"[contender] {failed.dag} {failed.days}: {failed.task} failed"),
        text=render("task.txt", values),
        html=render("task.html", values),
    )


def compose_decision_alert(entry: Entry, *, to: str) -> Alert:
    """Return the mail about a person's decision about a champion."""
    decision = entry.decision
    descriptions = {
        "rolled_back": f"rolled back to version {decision.champion_after}",
        "emergency": f"version {decision.champion_after} promoted by hand",
        "resumed": "automatic refreshes resumed",
    }
    values = {
        "entry": entry,
        "decision": decision,
        "what": descriptions.get(decision.kind, decision.kind),
        "scoring_dag": dag_id("score", decision.model),
    }
    return Alert(
        id=identify("alert", decision.id),
        kind="decision",
        about=decision.model,
        to=(to,),
        subject=one_line(f"[contender] {decision.model}: {values['what']} by {decision.by}"),
        text=render("decision.txt", values),
        html=render("decision.html", values),
    )


def compose_approval_alert(
    proposal: Proposal, evaluation: Evaluation, *, to: tuple[str, ...], page_url: str
) -> Alert:
    """Return the mail that asks for approval of a decision. Airflow's form shows its text, too."""
    decision = proposal.decision
    serving = decision.champion_before
    version = f"version {decision.challenger} (recipe {evaluation.challenger.recipe})"
    change = f"replace version {serving}" if serving else "serve as the first version"
    values = {
        "proposal": proposal,
        "decision": decision,
        "question": f"Should {version} {change}?",
        "unchanged": "the champion keeps serving" if serving else "no version serves yet",
        "figures": tuple(_key_figures(proposal, evaluation)),
        "page_url": page_url,
    }
    return Alert(
        id=identify("alert", "approval", decision.id, proposal.asked),
        kind="approval",
        about=decision.model,
        to=to,
        subject=one_line(
            f"[contender] {decision.model} {decision.night}: {proposal.what} waits for approval until "
            f"{proposal.deadline:%Y-%m-%d %H:%M} UTC"
        ),
        text=render("approval.txt", values),
        html=render("approval.html", values),
    )


def compose_access_alert(differences: Sequence[str], *, to: str, before: Alert | None) -> Alert | None:
    """Return the mail about differences between Airflow's roles and access.yaml, or about their end.

    Returns None if nothing has changed since `before`, the last such mail, or if there never was a difference.
    """
    if before is None and not differences:
        return None
    summary = f"Airflow's roles match {ACCESS_FILE} again"
    if count := len(differences):
        summary = f"Airflow's roles differ from {ACCESS_FILE} in {count} way{'s' if count > 1 else ''}"
    values = {"summary": summary, "differences": differences}
    text = render("access.txt", values)
    if before is not None and before.text == text:
        return None
    return Alert(
        # The id depends on the previous mail: a difference that was fixed and came back is reported again.
        id=identify("alert", "access", text, before.id if before else ""),
        kind="access",
        about=ACCESS_FILE,
        to=(to,),
        subject=one_line(f"[contender] {summary}"),
        text=text,
        html=render("access.html", values),
    )


TITLES: Mapping[DriftVerdict, str] = {
    "broken_feed": "an input has changed, the world has not",
    "concept_drift": "outcomes have changed, the inputs have not",
    "regime_break": "inputs and outcomes have changed",
}


def compose_verdict_alert(monitored: Monitored, *, to: tuple[str, ...], report_url: str) -> Alert | None:
    """Return the mail about a monitoring verdict that somebody must know, or None for the other verdicts."""
    title = TITLES.get(monitored.verdict)
    if title is None:
        return None
    values = {"monitored": monitored, "title": title, "report_url": report_url}
    return Alert(
        id=identify("alert", "verdict", monitored.model, monitored.day, monitored.verdict),
        kind="verdict",
        about=monitored.model,
        to=to,
        subject=one_line(f"[contender] {monitored.model} {monitored.day}: {monitored.verdict}, {title}"),
        text=render("verdict.txt", values),
        html=render("verdict.html", values),
    )


def compose_held_alert(decision: Decision, nights: int, *, to: str) -> Alert | None:
    """Return the mail about a refresh that was held, after 3 nights in a row and after each week; otherwise None."""
    due = nights == NIGHTS_UNTIL_MAIL or (nights > 0 and nights % 7 == 0)
    if decision.kind != "held" or not due:
        return None
    values = {
        "decision": decision,
        "nights": nights,
        "next_mail": 7 - nights % 7,
        "blocking": [reason for reason in decision.reasons if not reason.passed],
    }
    return Alert(
        id=identify("alert", "held", decision.id),
        kind="held",
        about=decision.model,
        to=(to,),
        subject=one_line(f"[contender] {decision.model}: refreshes held for {nights} nights in a row"),
        text=render("held.txt", values),
        html=render("held.html", values),
    )


def _key_figures(proposal: Proposal, evaluation: Evaluation) -> Iterator[str]:
    yield (
        f"Evaluated on {evaluation.judged_on.key}, {evaluation.challenger_measures.rows:,} rows: loss "
        f"{_loss(evaluation.challenger_measures)}; champion {_loss(evaluation.champion_measures)}; "
        f"simple baseline {_loss(evaluation.baseline_measures)}"
    )
    for evidence in proposal.decision.evidence:
        if evidence.question == "race" and evidence.rival == proposal.decision.challenger_recipe:
            yield f"Evidence: {evidence.value:.1f} after {evidence.days} days; threshold {evidence.bar:g}"
    for reason in proposal.decision.reasons:
        yield f"{reason.guard}: {reason.explanation}"


def _loss(measures: Measures | None) -> str:
    if measures is None:
        return "unknown"
    interval = measures.loss_interval
    return f"{measures.loss:.4f}" + (f" ({interval.low:.4f} to {interval.high:.4f})" if interval else "")


def one_line(subject: str) -> str:
    """Return a subject on one line, with secrets masked."""
    # A line break in data would end the header and could start another one.
    return redact(" ".join(subject.split()))


def render(template: str, values: Mapping[str, object]) -> str:
    """Return the text of a template with these values, with secrets masked."""
    return redact(templates(TEMPLATES).get_template(template).render(values))
