"""Approval in a real Airflow: approved, rejected, not answered, and too late."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from contender import embedded_airflow
from contender.embedded_airflow import mailbox
from contender.installation import Installation
from contender.orchestrator import Airflow, ApiError, Run
from contender.promoting import ManualDecision, decide_by_hand
from contender.records import Book, Proposal, migrate
from contender.settings import PROJECT, Settings
from contender.specs import Days, dag_id
from demo.running import environment
from tests.integration.made_up import HISTORY, NIGHT, copy_catalog, make_flights, publish, tomorrow
from tests.parsing import PARSE_RARELY

pytestmark = pytest.mark.e2e

MODEL, SILENT = "flight_delay", "flight_delay_unanswered"
APPROVED, REFUSED, OVERTAKEN = (NIGHT - timedelta(days=ago) for ago in (3, 2, 1))
SHORT_DEADLINE = 0.002  # hours: long enough to observe the waiting task
DOMAIN = "contender.example"


@dataclass
class Asked:
    """The results of nights that need approval, and the Airflow that ran them, still running."""

    book: Book
    airflow: Airflow
    stack: embedded_airflow.Stack
    mails: Path
    waiting: Proposal
    page_while_waiting: httpx.Response
    states_while_waiting: dict[str, str]
    second_answer: httpx.Response
    overtaken: Run
    calm: Run


@pytest.fixture(scope="module")
def asked(
    tmp_path_factory: pytest.TempPathFactory, prepare_airflow: Callable[[Path], None]
) -> Iterator[Asked]:
    installation = install(tmp_path_factory.mktemp("approval"))
    here, port = installation.settings, embedded_airflow.free_port()
    prepare_airflow(here.home / "airflow")
    own = environment(here, port) | PARSE_RARELY | {"AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1"}
    with (
        mailbox.running(here.home / "mail") as box,
        embedded_airflow.running(here.home, PROJECT, own, print, port=port, smtp_port=box.port) as running,
    ):
        yield ask(installation, running)


def install(folder: Path) -> Installation:
    """Install two models that need approval for everything, with labelled rows up to the newest night."""
    here = Settings(home=folder / "home", catalog_home=cautious_catalog(folder / "catalog"))
    migrate(here.records)
    installation = Installation(here)
    for name in (MODEL, SILENT):
        model = installation.catalog.model(name)
        rows = make_flights(model, Days(first=HISTORY.first, last=tomorrow(NIGHT)))
        publish(installation.lake, model.feature_contract, rows, here)
        publish(installation.lake, model.label_contract, rows[rows["day"] <= NIGHT], here)
    return installation


def ask(installation: Installation, running: embedded_airflow.Stack) -> Asked:
    """Run nights with an approval, a rejection, an approval that comes too late, and no answer."""
    airflow, book = Airflow(running.url, running.password), installation.book
    dags = [dag_id("retrain", name) for name in (MODEL, SILENT)]
    airflow.wait_for_dags(dags)
    for dag in dags:
        airflow.unpause(dag)
    silent = airflow.trigger(dag_id("retrain", SILENT), partition_key=str(APPROVED))

    run = begin(airflow, running, APPROVED)
    states = airflow.task_states(run.dag_id, run.run_id)
    (waiting,) = book.proposals.waiting([MODEL])
    with person(running) as client:
        page = client.get(f"/contender/decisions/{MODEL}/{waiting.decision.id}")
    answer(airflow, run, "Approve", why="looks right")
    airflow.wait(run.dag_id, run.run_id)
    with person(running) as client:
        again = client.patch(f"/api/v2{form(run)}", json={"chosen_options": ["Reject"]})

    run = begin(airflow, running, REFUSED)
    answer(airflow, run, "Reject", why="a holiday")
    airflow.wait(run.dag_id, run.run_id)

    run = begin(airflow, running, OVERTAKEN)
    other = next(v for v in (1, 2) if v != book.ledger.champion(MODEL))
    decide_by_hand(installation, MODEL, ManualDecision("emergency", "ben", "a pandemic", other))
    answer(airflow, run, "Approve")
    overtaken = airflow.wait(run.dag_id, run.run_id, must_succeed=False)

    calm = airflow.trigger(dag_id("retrain", MODEL), partition_key=str(NIGHT))
    calm = airflow.wait(calm.dag_id, calm.run_id)
    airflow.wait(silent.dag_id, silent.run_id)
    mails = installation.settings.home / "mail"
    return Asked(book, airflow, running, mails, waiting, page, states, again, overtaken, calm)


def cautious_catalog(place: Path) -> Path:
    """Copy the project's catalog with a model that needs approval for everything, and a copy with a short deadline.

    They have one recipe: approval of a refresh needs no other, and each fit is a process.
    """
    copy_catalog(place)
    models = place / "models"
    shutil.copytree(models / MODEL, models / SILENT)
    for name, hours in ((MODEL, 12.0), (SILENT, SHORT_DEADLINE)):
        spec = models / name / "spec.py"
        approval = f"Approval(first=True, refreshes=True, hours={hours}, mail_to=('approvers@{DOMAIN}',))"
        field = f"    approval={approval},\n    baseline_features="
        text = spec.read_text().replace("    baseline_features=", field).replace(f'"{MODEL}"', f'"{name}"')
        spec.write_text(re.sub(r'^ *Recipe\(name="linear".*\n', "", text, flags=re.MULTILINE))
    return place


def begin(airflow: Airflow, running: embedded_airflow.Stack, night: date) -> Run:
    """Start a night and wait until it asks for approval."""
    run = airflow.trigger(dag_id("retrain", MODEL), partition_key=str(night))
    deadline = time.monotonic() + 300
    while not (asks(airflow, run) and has_processed_question(running, run)):
        if airflow.run(run.dag_id, run.run_id).ended or time.monotonic() > deadline:
            raise ApiError(
                f"{night}: no approval was asked for: {airflow.task_states(run.dag_id, run.run_id)}"
            )
        time.sleep(0.3)
    return run


def asks(airflow: Airflow, run: Run) -> bool:
    return airflow.task_states(run.dag_id, run.run_id).get("approve[0]") == "awaiting_input"


def has_processed_question(running: embedded_airflow.Stack, run: Run) -> bool:
    """Return whether the scheduler has processed the end of the process that asked.

    Airflow loses an earlier answer (apache/airflow#71580): it takes the task, queued again by the answer, for one that
    ended in another state than its executor reported, and asks again.
    """
    (scheduler,) = (part for part in running.components if part.name == "scheduler")
    lines = scheduler.log.read_text(errors="replace").splitlines()
    return any(
        "TaskInstance Finished" in line and run.run_id in line and "task_id=approve" in line for line in lines
    )


def form(run: Run) -> str:
    return f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/approve/0/hitlDetails"


def answer(airflow: Airflow, run: Run, option: str, why: str = "") -> None:
    airflow.request("PATCH", form(run), json={"chosen_options": [option], "params_input": {"why": why}})


@contextmanager
def person(running: embedded_airflow.Stack) -> Iterator[httpx.Client]:
    """A client that is logged in."""
    with httpx.Client(base_url=running.url, trust_env=False, timeout=60) as client:
        login = {"username": embedded_airflow.USER, "password": running.password}
        token = client.post("/auth/token", json=login).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def decided(asked: Asked, model: str, night: date) -> Any:
    return next(d for d in asked.book.ledger.decisions(model) if d.night == night and d.by != "ben")


def test_an_approved_version_serves_and_the_ledger_names_the_approver(asked):
    decision = decided(asked, MODEL, APPROVED)
    assert (decision.kind, decision.champion_after) == ("first", decision.challenger)
    assert (decision.approved_by, decision.why) == (embedded_airflow.USER, "looks right")
    assert decision.answered_at is not None


def test_a_rejection_is_recorded_with_name_and_reason(asked):
    decision = decided(asked, MODEL, REFUSED)
    assert (decision.kind, decision.champion_after) == ("held", decision.champion_before)
    assert (decision.by, decision.why) == (embedded_airflow.USER, "a holiday")


def test_a_proposal_without_an_answer_is_rejected(asked):
    decision = decided(asked, SILENT, APPROVED)
    assert (decision.kind, decision.champion_after) == ("held", None)
    assert (
        decision.reasons[-1].explanation == f"rejected by default: no answer within {SHORT_DEADLINE:g} hours"
    )


def test_an_approval_after_the_champion_changed_fails_the_task(asked):
    assert asked.overtaken.state == "failed"
    log = asked.airflow.task_log(asked.overtaken.dag_id, asked.overtaken.run_id, "promote_answered")
    assert f"approved by {embedded_airflow.USER}, but not carried out" in log
    bens = next(d for d in asked.book.ledger.decisions(MODEL) if d.kind == "emergency")
    assert (bens.by, bens.champion_after) == ("ben", asked.book.ledger.champion(MODEL))


def test_approval_is_skipped_if_nothing_needs_it(asked):
    """After Ben's decision, refreshes must win a sequential test first: tonight's is held without a question."""
    states = asked.airflow.task_states(asked.calm.dag_id, asked.calm.run_id)
    assert (states["approve"], states["promote_answered"]) == ("skipped", "skipped")
    assert asked.calm.state == "success"


def test_the_state_of_every_proposal_is_recorded(asked):
    states = {p.decision.night: p.state for p in asked.book.proposals.newest([MODEL])}
    assert states == {APPROVED: "approved", REFUSED: "refused", OVERTAKEN: "stale"}
    assert [p.state for p in asked.book.proposals.newest([SILENT])] == ["unanswered"]


def test_a_second_answer_is_a_conflict(asked):
    assert asked.second_answer.status_code == 409


def test_the_page_of_a_waiting_proposal_shows_figures_and_form(asked):
    page = asked.page_while_waiting
    assert page.status_code == 200
    for shown in ("The first version waits for approval", "simple baseline", "expected calibration error"):
        assert shown in page.text
    assert asked.waiting.form in page.text


def test_pages_of_decisions_run_no_scripts(asked):
    assert asked.page_while_waiting.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_shadow_scoring_does_not_wait_for_the_answer(asked):
    assert asked.states_while_waiting["approve[0]"] == "awaiting_input"
    assert asked.states_while_waiting["score_in_shadow"] != "upstream_failed"


def test_each_proposal_is_mailed_once_with_its_deadline(asked):
    mails = [mail for mail in mailbox.read(asked.mails) if "waits for approval" in mail.subject]
    assert len(mails) == 4
    (mail,) = (m for m in mails if m.subject.startswith(f"[contender] {MODEL} {APPROVED}"))
    assert mail.to == (f"approvers@{DOMAIN}",)
    assert f"until {asked.waiting.deadline:%Y-%m-%d %H:%M} UTC" in mail.subject
    assert asked.waiting.form in mail.text
    assert f"/contender/decisions/{MODEL}/{asked.waiting.decision.id}" in mail.text
