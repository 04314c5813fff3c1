"""The runbook has a section for each kind of incident, and what it names exists."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import get_args

import pytest

from contender.alerting.compose import TITLES
from contender.alerting.compose_incidents import (
    CANARY,
    CAUSES,
    CONNECTION,
    DISK,
    REQUESTS,
    VERDICTS,
    link_incident,
    runbook_section,
)
from contender.incidents import CANARY_TASK, REQUESTS_TASK
from contender.records import Alert, Cause, Incident, Step
from contender.settings import PROJECT, Settings
from contender.specs import Verb
from tests.command import find_mistake

DOCS = PROJECT / "docs"
PAGE = (DOCS / "RUNBOOK.md").read_text()
PARTS = ("**What happened.**", "**By itself.**", "**What to do.**")


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> list[str]:
    """Every command in the page, without comments."""
    lines = re.findall(r"^ {4,}(contender .*)$", PAGE, re.MULTILINE)
    inline = re.findall(r"`(contender [^`]*)`", PAGE)
    return list(dict.fromkeys([*lines, *inline]))


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)[1:]
    return {
        next(iter(anchors(f"# {title}"))): text for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


def incident(kind: Cause, topic: str = "", error: str | None = None) -> Incident:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    return Incident(
        id="4f2a",
        kind=kind,
        cause=Step(dag="ingest__sales"),
        what="failed",
        topic=topic,
        error=error,
        severity="warning",
        owners=(),
        opened=at,
        changed=at,
    )


def test_every_kind_of_incident_and_every_verdict_that_is_mailed_has_a_section_of_its_own():
    assert {*CAUSES, "verdict"} == set(get_args(Cause))
    assert set(VERDICTS) == set(TITLES)
    named = [*CAUSES.values(), *VERDICTS.values(), CONNECTION, DISK, REQUESTS, CANARY]
    assert len(set(named)) == len(named)
    assert set(named) <= anchors(PAGE)


@pytest.mark.parametrize(
    "section", [*CAUSES.values(), *VERDICTS.values(), CONNECTION, DISK, REQUESTS, CANARY]
)
def test_a_section_says_what_happened_what_was_done_and_what_to_do(section):
    text = sections()[section]
    assert [part for part in PARTS if part not in text] == []
    assert "contender " in text


def test_a_connection_error_a_check_of_requests_a_canary_and_a_verdict_lead_to_sections_of_their_own():
    assert runbook_section(incident("task", error="OperationalError")) == CONNECTION
    assert runbook_section(incident("task", error="disk full")) == DISK
    assert runbook_section(incident("task")) == "a-task-failed"
    for task, section in ((REQUESTS_TASK, REQUESTS), (CANARY_TASK, CANARY)):
        found = incident("task").model_copy(update={"cause": Step(dag="score__churn", task=task)})
        assert runbook_section(found) == section
    assert runbook_section(incident("verdict", topic="broken_feed")) == "a-feed-is-broken"


@pytest.mark.parametrize("url", ["docs/RUNBOOK.md", "https://docs.example/runbook"])
def test_the_mail_of_an_incident_links_to_its_section(url):
    mail = Alert(
        id="1",
        kind="incident",
        about="sales",
        to=("a@b.example",),
        subject="s",
        text="t",
        html="<body></body>",
    )
    linked = link_incident(mail, incident("gate"), Settings(runbook_url=url))
    assert f"Runbook: {url}#a-gate-failed\n" in linked.text
    assert (f'<a href="{url}#a-gate-failed">' in linked.html) == url.startswith("https")
    assert f"{url}#a-gate-failed" in linked.html


def test_every_link_of_the_page_leads_to_a_page_and_a_heading():
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, anchor = target.partition("#")
        page = (DOCS / file).read_text() if file else PAGE
        assert not anchor or anchor in anchors(page), target


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_page_is_accepted_by_the_command_line(line):
    assert find_mistake(line, in_text=f"`{line}`" in PAGE) is None


def test_the_page_names_only_existing_dags(catalog):
    known = set(re.findall(r"^\| `(\w+__\w+)`", (DOCS / "DAGS.md").read_text(), re.MULTILINE))
    named = set(re.findall(r"`(\w+__\w+)`", PAGE))
    assert named
    assert named <= known
    assert set(re.findall(r"`(\w+)__…`", PAGE)) <= set(get_args(Verb))


def test_the_page_names_only_existing_settings():
    named = set(re.findall(r"CONTENDER_\w+", PAGE))
    assert named <= {f"CONTENDER_{name.upper()}" for name in Settings.model_fields}
