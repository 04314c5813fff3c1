"""Every command ends with the exit code that docs/CLI.md lists: 0 done, 1 no, 2 wrong use, 3 cannot be done."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from contender.records import migrate, open_book
from contender.registry import open_registry
from contender.settings import PROJECT, Settings, settings
from demo import source
from tests.command import Outcome, list_commands, run_command
from tests.unit.policy_results import decision
from tests.unit.thousand_nights import incident_of

MODEL, REASON = "flight_delay", ("--reason", "a test")
SPAN = ("--from", "2013-03-01", "--to", "2013-03-02")
LANDED = "{landing}/departures/2013-09-02.csv"
GRANTS = ("access", "render", "s3", "--bucket", "lake", "--account", "123456789012")

READY = "an installation"
DECIDED = "a decision, of a version that the registry lacks"
ENDED = "an incident that has recovered"
MISTAKE = "a mistake in the catalog"
NO_BOOK = "no book of record"
NO_URL = "a setting that is no URL"
NO_NUMBER = "a setting that is no number"
VARIABLES = {NO_URL: ("CONTENDER_RECORDS", "nowhere"), NO_NUMBER: ("CONTENDER_SNAPSHOT_DAYS", "many")}

# These have a case of exit code 1 beside the servers, nights or batches that they need.
NO_IS_TESTED_ELSEWHERE = {
    ("access", "check"),
    ("backtest",),
    ("drill",),
    ("feasibility",),
    ("replay",),
    ("restore",),
    ("quarantine", "release"),
    ("load",),
    ("requests",),
}


@dataclass(frozen=True)
class Case:
    """A command line, where it is given, and how it ends."""

    words: tuple[str, ...]
    code: int
    said: str
    place: str = READY

    def __str__(self) -> str:
        return f"{' '.join(self.words)} ({self.place})"


def done(*words: str, said: str = "") -> Case:
    return Case(words, 0, said)


def no(*words: str, said: str, place: str = READY) -> Case:
    return Case(words, 1, said, place)


def misused(*words: str, said: str, place: str = READY) -> Case:
    return Case(words, 2, said, place)


def impossible(*words: str, place: str, said: str) -> Case:
    return Case(words, 3, said, place)


def without_book(*words: str) -> Case:
    return impossible(*words, place=NO_BOOK, said="run `contender migrate`")


def without_airflow(*words: str) -> Case:
    return impossible(*words, place=READY, said="Airflow does not respond")


CASES = [
    done("status", said="flight_delay"),
    misused("status", "--jsn", said="No such option"),
    without_book("status"),
    done("catalog", "planes", said="datasets.planes"),
    misused("catalog", "plains", said="did you mean 'planes'"),
    without_book("catalog"),
    done("migrate", said="are ready"),
    misused("migrate", "now", said="unexpected extra argument"),
    impossible("migrate", place=NO_URL, said="CONTENDER_RECORDS is not a SQLAlchemy URL"),
    done("check", "--no-engines", said="no mistakes"),
    no("check", place=MISTAKE, said="datasets/planes.py"),
    misused("check", "planes", said="unexpected extra argument"),
    misused("check", "--leaks", "flight_delays", said="did you mean"),
    impossible("check", place=NO_NUMBER, said="CONTENDER_SNAPSHOT_DAYS"),
    impossible("check", "--no-engines", "--leaks", MODEL, place=READY, said="has no rows"),
    done("new", "dataset", "sales", "--from", LANDED, said="Wrote"),
    misused("new", "dataset", "planes", "--from", "nowhere.csv", said="nowhere.csv: does not exist"),
    impossible("new", "dataset", "a", "--from", LANDED, place=NO_NUMBER, said="SNAPSHOT_DAYS"),
    done("new", "model", "late", "--from", "departures", said="Wrote"),
    misused("new", "model", "late", "--from", "departure", said="there is no dataset"),
    impossible("new", "model", "late", place=MISTAKE, said="datasets/planes.py"),
    done("try", "departures", LANDED, said="2013-09-02.csv: passes"),
    no("try", "schedule", LANDED, said="2013-09-02.csv: fails; 0 rows"),
    misused("try", "departures", "nowhere.csv", said="nowhere.csv: No such file or directory"),
    impossible("try", "departures", LANDED, place=MISTAKE, said="datasets/planes.py"),
    done("quarantine", "list", said="The quarantine is empty"),
    misused("quarantine", "list", "planes", said="unexpected extra argument"),
    without_book("quarantine", "list"),
    misused("quarantine", "show", "4f2a", said="list all with `contender quarantine list`"),
    without_book("quarantine", "show", "4f2a"),
    misused("quarantine", "release", "4f2a", *REASON, said="list all with `contender quarantine list`"),
    misused("quarantine", "release", "4f2a", said="Missing option"),
    without_book("quarantine", "release", "4f2a", *REASON),
    misused("quarantine", "discard", "4f2a", *REASON, said="list all with `contender quarantine list`"),
    misused("quarantine", "discard", "4f2a", said="Missing option"),
    without_book("quarantine", "discard", "4f2a", *REASON),
    done("incidents", "list", said="No open incidents"),
    misused("incidents", "list", "planes", said="unexpected extra argument"),
    without_book("incidents", "list"),
    misused("incidents", "show", "4f2a", said="list all with `contender incidents list --all`"),
    without_book("incidents", "show", "4f2a"),
    misused("incidents", "ack", "4f2a", said="list all with `contender incidents list --all`"),
    impossible("incidents", "ack", "e4ded", place=ENDED, said="has ended"),
    misused("incidents", "close", "4f2a", said="Missing option"),
    impossible("incidents", "close", "e4ded", *REASON, place=ENDED, said="has ended"),
    done("access", "show", said="read"),
    misused("access", "show", "ann", said="unexpected extra argument"),
    impossible("access", "show", place=MISTAKE, said="datasets/planes.py"),
    misused("access", "apply", said="Missing option"),
    without_airflow("access", "apply", *REASON),
    misused("access", "check", "ann", said="unexpected extra argument"),
    without_airflow("access", "check"),
    done(*GRANTS, said="Statement"),
    misused("access", "render", "s3", said="give --bucket NAME"),
    done("access", "key", "app", "--role", "business_reader", said="sha256"),
    misused("access", "key", "app", "--role", "auditor", said="auditor may not predict"),
    impossible("access", "key", "app", "--role", "auditor", place=MISTAKE, said="datasets/planes.py"),
    misused("serve", "flight_delays", said="did you mean"),
    misused("serve", "--host", "0.0.0.0", said="has no API keys"),
    misused("serve", "--certificate", "chain.pem", said="needs both --certificate and --key"),
    without_book("serve"),
    done("requests", MODEL, said="0 logged rows"),
    misused("requests", "flight_delays", said="did you mean"),
    misused("requests", MODEL, "yesterday", said="'yesterday' is not a day"),
    impossible("requests", MODEL, place=MISTAKE, said="datasets/planes.py"),
    impossible("access", "render", "s3", place=MISTAKE, said="datasets/planes.py"),
    misused("up", "now", said="unexpected extra argument"),
    impossible("up", place=MISTAKE, said="datasets/planes.py"),
    done("down", said="No Airflow runs in"),
    misused("down", "now", said="unexpected extra argument"),
    impossible("down", place=NO_NUMBER, said="CONTENDER_SNAPSHOT_DAYS"),
    misused("load", "departure", "2013-03-01", said="did you mean"),
    misused("load", MODEL, "2013-03-01", said="write FIRST..LAST"),
    without_airflow("load", "departures", "2013-03-01"),
    misused("backfill", "departures", "2013-2-30", said="2013-2-30"),
    misused("backfill", "departures", "2013-03-01", "--apply", said="--reason"),
    without_airflow("backfill", "departures", "2013-03-01", "--apply", *REASON),
    misused("backtest", MODEL, *SPAN, "--policy", "better", said="--policy better: unknown; give one of"),
    misused("backtest", "flight_delays", *SPAN, said="did you mean"),
    impossible("backtest", MODEL, *SPAN, place=READY, said="choose other nights"),
    done("drill", "--list", said="pandemic"),
    misused("feasibility", "flight_delays", said="did you mean"),
    impossible("feasibility", MODEL, place=READY, said="load a history with `contender load flight_delay"),
    misused("tune", "flight_delays", said="did you mean"),
    misused("tune", MODEL, "--recipe", "cubic", said="--recipe cubic: unknown; give one of"),
    misused("tune", MODEL, "--vary", "depth=3..9", said="has no parameter 'depth': give one of max_iter"),
    misused("tune", MODEL, "--vary", "max_iter", said="give NAME=LOW..HIGH"),
    impossible("tune", MODEL, place=READY, said="load a history with `contender load flight_delay"),
    misused("drill", "flood", MODEL, said="drill flood: unknown; give one of"),
    misused("drill", "feed", MODEL, said="give the first changed day with --from DAY"),
    misused("drill", "sudden", MODEL, *SPAN[:2], "--strength", "2", said="strength 2: must be above 0"),
    impossible("drill", "feed", MODEL, *SPAN[:2], place=READY, said="choose other nights"),
    done("monitor", MODEL, said="No day of flight_delay has been monitored yet"),
    misused("monitor", "flight_delays", said="did you mean"),
    without_book("monitor", MODEL),
    done("cost", MODEL, said="No night of flight_delay has been recorded yet"),
    misused("cost", "flight_delays", said="did you mean"),
    without_book("cost", MODEL),
    done("plan", MODEL, said="contender load flight_delay FIRST..LAST"),
    misused("plan", "flight_delays", said="did you mean"),
    misused("plan", "--night", "2013-9-1", said="write it as YYYY-MM-DD"),
    without_book("plan", MODEL),
    done("ledger", MODEL, said="No decision about flight_delay yet"),
    no("ledger", "verify", place=DECIDED, said="alias"),
    misused("ledger", "flight_delays", said="did you mean"),
    without_book("ledger", MODEL),
    misused("rollback", MODEL, said="Missing option"),
    misused("rollback", "flight_delays", *REASON, said="did you mean"),
    impossible("rollback", MODEL, *REASON, place=READY, said="no version is serving yet"),
    misused("promote", MODEL, "12", *REASON, said="no version 12"),
    without_book("promote", MODEL, "12", *REASON),
    misused("resume", MODEL, said="Missing option"),
    impossible("resume", MODEL, *REASON, place=READY, said="no version is serving yet"),
    misused("card", MODEL, "12", said="version 12 was never evaluated"),
    without_book("card", MODEL),
    misused("replay", "4f2a", place=DECIDED, said="no decision has the id"),
    impossible("replay", "4f2a", place=READY, said="the ledger has no entries yet"),
    done("score", "flight_delay", said="Score of flight_delay: 0 of 7"),
    misused("score", "flight_delays", said="did you mean 'flight_delay'"),
    without_book("score"),
    done("audit", said="No matching actions"),
    misused("audit", "--limit", "0", said="--limit"),
    without_book("audit"),
    done("backup", "{landing}/../../backup", said="0 tables"),
    no("backup", "{landing}/../../backup", place=DECIDED, said="the alias points to version None"),
    misused("backup", "{landing}", said="contains other files: give an empty place"),
    without_book("backup", "{landing}/../../backup"),
    misused("restore", "{landing}", said="manifest.json is missing"),
    impossible("restore", "{landing}", place=NO_NUMBER, said="CONTENDER_SNAPSHOT_DAYS"),
    misused("erase", "tailnum=N14228", said="--reason"),
    misused("erase", "tailnum", *REASON, said="COLUMN=VALUE"),
    without_book("erase", "tailnum=N14228", "--plan"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A home with a catalog, a delivery, an empty book and an empty registry, to be copied."""
    home = tmp_path_factory.mktemp("made") / "home"
    here = Settings(home=home)
    shutil.copytree(PROJECT / "include" / "catalog", home / "catalog")
    source.drop("departures", [date(2013, 9, 2)], here.landing)
    migrate(here.records)
    open_registry(here)
    return home


@pytest.fixture
def run(made, tmp_path, monkeypatch) -> Callable[..., Outcome]:
    """Give a case's command in a copy of the home, changed as the case wants it."""

    def give(case: Case, encoding: str = "utf-8") -> Outcome:
        home = tmp_path / "home"
        shutil.copytree(made, home)
        for name, value in {
            "CONTENDER_HOME": str(home),
            "CONTENDER_CATALOG_HOME": str(home / "catalog"),
            "CONTENDER_UI_URL": "http://127.0.0.1:1",
            "CONTENDER_UI_PASSWORD": "secret",
            "COLUMNS": "200",
        }.items():
            monkeypatch.setenv(name, value)
        prepare(home, case.place)
        if case.place in VARIABLES:
            monkeypatch.setenv(*VARIABLES[case.place])
        settings.cache_clear()
        words = (word.format(landing=home / "landing") for word in case.words)
        return run_command(*words, encoding=encoding)

    yield give
    settings.cache_clear()


def prepare(home: Path, place: str) -> None:
    here = Settings(home=home)
    if place == NO_BOOK:
        (home / "records.db").unlink()
    elif place == MISTAKE:
        (home / "catalog" / "datasets" / "planes.py").write_text('"""Planes."""\n')
    elif place == ENDED:
        open_book(here.records).incidents.add(incident_of(2).model_copy(update={"id": "e4ded"}))
    elif place == DECIDED:
        open_book(here.records).ledger.enter(decision(date(2013, 3, 1), "first", 1, "boosted_trees"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_command_ends_with_its_code_and_says_why(run, case):
    outcome = run(case)
    said = re.sub(r"[\s│]+", " ", outcome.out + outcome.err)
    assert outcome.code == case.code, said
    assert case.said in said
    assert "Traceback" not in said


@pytest.mark.parametrize("case", [case for case in CASES if case.code == 0], ids=str)
def test_a_command_prints_to_a_pipe_that_takes_only_ascii(run, case):
    outcome = run(case, "ascii")
    assert (outcome.code, outcome.err) == (0, "")


def test_the_status_is_printed_in_the_locale_c(made):
    environment = {
        **os.environ,
        "CONTENDER_HOME": str(made),
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    command = [sys.executable, "-m", "contender.cli", "status"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "planes       |-             |-" in done.stdout


def test_a_fault_of_the_program_is_a_trace_on_stderr_and_code_3(run, monkeypatch):
    monkeypatch.setattr("contender.records.read_audit", lambda *_, **__: 1 / 0)
    outcome = run(done("audit"))
    assert (outcome.code, outcome.out) == (3, "")
    assert "ZeroDivisionError" in outcome.err


@pytest.mark.parametrize("words", list_commands(), ids=" ".join)
def test_every_command_has_a_case_of_wrong_use_and_of_what_cannot_be_done(words):
    assert {2, 3} <= {case.code for case in CASES if case.words[: len(words)] == words}


def test_the_documentation_lists_every_command_and_those_that_may_answer_no():
    lines = (PROJECT / "docs" / "CLI.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    listed = {tuple(command.strip("`").split()): answer for command, _, answer, *_ in rows}
    assert set(listed) == set(list_commands())
    answers_no = {words for words, answer in listed.items() if answer != "–"}
    tested = {case.words[: len(words)] for case in CASES if case.code == 1 for words in list_commands()}
    assert answers_no == (tested & set(list_commands())) | NO_IS_TESTED_ELSEWHERE
