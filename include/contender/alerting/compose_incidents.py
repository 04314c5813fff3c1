"""Compose the mails about incidents: what is missing, what has recovered, and the daily reminder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from contender.alerting.compose import one_line, render
from contender.incidents import (
    BACKUP_DAG,
    CANARY_TASK,
    DISK_FINGERPRINTS,
    REQUESTS_TASK,
    Signal,
    describe_step,
)
from contender.records import Alert, Cause, Incident, identify
from contender.settings import Settings
from contender.specs import parse_dag_id

MOST_COSTS = 10  # models whose cost is in a reminder
# Anchors in docs/RUNBOOK.md.
CAUSES: Mapping[Cause, str] = {
    "gate": "a-gate-failed",
    "task": "a-task-failed",
    "missing": "something-is-missing",
    "deadline": "predictions-are-late",
}
VERDICTS: Mapping[str, str] = {
    "broken_feed": "a-feed-is-broken",
    "concept_drift": "outcomes-have-changed",
    "regime_break": "inputs-and-outcomes-have-changed",
}
REQUESTS = "online-predictions-are-not-repeated"
CANARY = "a-canary-was-returned"
TASKS: Mapping[str, str] = {REQUESTS_TASK: REQUESTS, CANARY_TASK: CANARY}
CONNECTION = "a-store-or-service-does-not-answer"
DISK = "a-disk-is-full-or-read-only"


def incident_url(ui_url: str, incident: str) -> str:
    """Return the URL of an incident's page."""
    return f"{ui_url}/contender/incidents/{incident}"


def runbook_section(incident: Incident) -> str:
    """Return the anchor of the section in docs/RUNBOOK.md about an incident."""
    if incident.kind == "verdict":
        return VERDICTS.get(incident.topic, "")
    if incident.kind == "task" and incident.cause.task in TASKS:
        return TASKS[incident.cause.task]
    if incident.kind == "task" and incident.error:
        return DISK if incident.error in DISK_FINGERPRINTS else CONNECTION
    return CAUSES[incident.kind]


def compose_missing_alert(signal: Signal, source: str = "") -> Alert:
    """Return the mail about an output that is missing or late; `source` says where a delivery comes from."""
    verb, about = parse_dag_id(signal.step.dag)
    days = signal.step.days
    values = {
        "signal": signal,
        "step": describe_step(signal.step),
        "late": describe_step(signal.held_up) if signal.held_up else "",
        "dag": signal.step.dag,
        "day": "" if days is None else days.key,
        "delivery": verb == "ingest",
        "backup": signal.step.dag == BACKUP_DAG,
        "source": source,
    }
    return _alert(signal.id, about, signal.owners, signal.what, ("missing", values))


def compose_recovered_alert(incident: Incident) -> Alert:
    """Return the mail about the end of an incident."""
    steps = tuple(describe_step(failure.step) for failure in incident.failures)
    values = {"incident": incident, "steps": steps}
    about = parse_dag_id(incident.cause.dag).subject or incident.cause.dag
    return _alert(incident.id, about, incident.owners, f"recovered: {incident.what}", ("recovered", values))


def compose_reminder_alert(
    owner: str, incidents: Sequence[Incident], day: str, ui_url: str, costs: Sequence[str] = ()
) -> Alert:
    """Return the mail of a day that reminds an owner of all open incidents whose turn it is.

    `costs` has a line for each of the owner's models.
    """
    count = len(incidents)
    subject = f"{count} incident{'s are' if count > 1 else ' is'} still open"
    values = {
        "incidents": [(one, incident_url(ui_url, one.id)) for one in incidents],
        "subject": subject,
        "costs": costs[:MOST_COSTS],
        "more_costs": max(0, len(costs) - MOST_COSTS),
    }
    name = identify("reminder", owner, day, *(one.id for one in incidents))
    return _alert(name, "incidents", (owner,), subject, ("reminder", values))


def link_incident(alert: Alert, incident: Incident, settings: Settings) -> Alert:
    """Return the mail with links to its incident and to the runbook at the end."""
    url = incident_url(settings.ui_url, incident.id)
    runbook = f"{settings.runbook_url}#{runbook_section(incident)}"
    command = f"contender incidents ack {incident.id}"
    text = f"{alert.text.rstrip()}\n\nRunbook: {runbook}\nIncident: {url}\nTo stop reminders: {command}\n"
    named = f"<code>{escape(runbook)}</code>"
    if runbook.startswith("http"):
        named = f'<a href="{escape(runbook)}">{escape(runbook)}</a>'
    line = (
        f'<p>Runbook: {named}. Incident: <a href="{escape(url)}">{escape(incident.id)}</a>. '
        f"To stop reminders: <code>{escape(command)}</code></p>\n</body>"
    )
    return alert.model_copy(update={"text": text, "html": alert.html.replace("</body>", line)})


def _alert(
    name: str, about: str, to: tuple[str, ...], subject: str, rendered: tuple[str, Mapping[str, object]]
) -> Alert:
    template, values = rendered
    return Alert(
        id=identify("alert", "incident", name),
        kind="incident",
        about=about,
        to=to,
        subject=one_line(f"[contender] {subject}"),
        text=render(f"{template}.txt", values),
        html=render(f"{template}.html", values),
    )
