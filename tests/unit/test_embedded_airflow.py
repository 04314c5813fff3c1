"""The state of the embedded Airflow of a home, its port and its settings, without starting it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from contender.embedded_airflow import (
    StackError,
    first_scheduled_day,
    free_port,
    make_environment,
    processes,
    project_variables,
    read_state,
    service,
    start,
    stop,
)
from contender.embedded_airflow.__main__ import main as run_service
from contender.embedded_airflow.processes import read_start
from contender.embedded_airflow.service import check_port, mail_folder
from contender.embedded_airflow.state import _read_boot, locked, write_state
from contender.settings import PROJECT, Settings, settings


@pytest.fixture
def home(here):
    here.home.mkdir()
    return here.home


def test_a_home_without_airflow_has_nothing_to_stop(here):
    assert not read_state(here.home).running
    assert not stop(here, print)


def test_the_process_that_holds_the_lock_is_reported_and_a_second_start_is_refused(home):
    with locked(home) as lock:
        write_state(lock, 18080, [], healthy=True)
        state = read_state(home)
        assert (state.running, state.pid, state.url) == (True, os.getpid(), "http://127.0.0.1:18080")
        with pytest.raises(StackError, match=f"http://127.0.0.1:18080, process {os.getpid()}"), locked(home):
            pass
    assert read_state(home).pid is None


def write_components(home: Path, component: dict[str, float], boot: str | None = None) -> None:
    state = {"pid": 1, "components": {"scheduler": component}, "boot": _read_boot() if boot is None else boot}
    (home / "stack.json").write_text(json.dumps(state))


def set_clock(monkeypatch, ahead: timedelta) -> None:
    """Change what the system says about its start and that of processes, as it does when its clock is set."""
    before = psutil.boot_time()
    for module in (psutil, psutil._psplatform):
        monkeypatch.setattr(module, "boot_time", lambda: before + ahead.total_seconds())


@pytest.mark.parametrize("hours", [0, 1, -1])
def test_processes_of_a_killed_run_are_ended_also_after_the_clock_was_set(here, home, monkeypatch, hours):
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    component = {"pid": orphan.pid, "started": read_start(psutil.Process(orphan.pid))}
    write_components(home, component)
    set_clock(monkeypatch, timedelta(hours=hours))
    lines: list[str] = []
    assert stop(here, lines.append)
    assert lines == ["Ended 1 processes that an interrupted run left behind"]
    assert not psutil.pid_exists(orphan.pid)


def test_a_process_that_only_has_the_recorded_pid_is_not_ended(here, home):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        write_components(home, {"pid": other.pid, "started": 10.0})
        assert not stop(here, print)
        write_components(home, {"pid": other.pid, "started": read_start(psutil.Process(other.pid))}, "before")
        assert not stop(here, print), "the machine was started again since"
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_process_that_has_ended_is_neither_alive_nor_in_a_session():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = psutil.Process(child.pid)
        assert processes._alive(process)
        child.kill()
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert not processes._alive(process)
    assert not processes._alive(process)
    assert processes._session_of(child.pid) is None


STUBBORN = """
import signal, sys, time
from pathlib import Path
from contender.embedded_airflow.state import locked, write_state
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with locked(Path(sys.argv[1])) as lock:
    write_state(lock, 18080, [], healthy=True)
    print("locked", flush=True)
    time.sleep(600)
"""


def test_a_service_that_does_not_stop_when_it_is_asked_to_is_killed(here, home, monkeypatch):
    monkeypatch.setattr(service, "STOP_SECONDS", 0.1)
    with subprocess.Popen([sys.executable, "-c", STUBBORN, str(home)], stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout is not None
        assert stubborn.stdout.readline() == b"locked\n"
        assert stop(here, print)
        assert not psutil.pid_exists(stubborn.pid)
    assert not read_state(home).running


@pytest.fixture
def installed(home, monkeypatch):
    """The settings of a home that a process of its own has, too."""
    monkeypatch.setenv("CONTENDER_HOME", str(home))
    monkeypatch.setenv("CONTENDER_UI_PORT", str(free_port()))
    settings.cache_clear()
    yield settings()
    settings.cache_clear()


def test_a_start_that_fails_shows_the_end_of_its_log(installed, home):
    (home / "airflow").write_text("a file where Airflow's folder must be")
    with pytest.raises(StackError, match=r"did not start \(code 1\)(.|\n)*FileExistsError: .*/home/airflow"):
        start(installed, print)
    assert not read_state(home).running


def test_a_start_that_is_interrupted_leaves_no_process(installed, home):
    def press_ctrl_c(line: str) -> None:
        raise KeyboardInterrupt(line)

    with pytest.raises(KeyboardInterrupt, match="Creating Airflow's database"):
        start(installed, press_ctrl_c)
    assert not read_state(home).running
    assert not stop(installed, print), "nothing is left to stop"


def test_the_service_of_a_port_in_use_ends_with_a_line_in_its_log(installed, monkeypatch, caplog):
    before = signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("CONTENDER_UI_PORT", str(port))
        settings.cache_clear()
        try:
            with pytest.raises(SystemExit) as ended:
                run_service()
        finally:
            signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 1
    (line,) = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert line.startswith(f"Port {port} is in use by another program: set CONTENDER_UI_PORT")


def test_an_unreadable_state_counts_as_none(here, home):
    (home / "stack.json").write_text('{"pid": 1')
    assert read_state(home).pid is None
    assert not stop(here, print)


def test_a_port_in_use_is_refused_with_the_name_of_the_setting(home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StackError, match=rf"Port {port} is in use .*CONTENDER_UI_PORT"):
            check_port(Settings(home=home, ui_port=port), print)


def test_the_address_of_the_ui_follows_from_its_port_unless_it_is_set(tmp_path):
    assert Settings(home=tmp_path, ui_port=18080).ui_url == "http://127.0.0.1:18080"
    assert Settings(home=tmp_path, ui_port=18080, ui_url="https://ui.example").ui_url == "https://ui.example"


def test_scheduled_days_begin_with_the_first_start_and_stay_so(home, monkeypatch):
    monkeypatch.delenv("CONTENDER_NIGHTLY_FROM")
    here = Settings(home=home)
    assert first_scheduled_day(here) == datetime.now(UTC).date()
    (home / "nightly-from").write_text("2026-01-05\n")
    assert first_scheduled_day(here) == date(2026, 1, 5)
    set_by_hand = here.model_copy(update={"nightly_from": date(2026, 2, 1)})
    assert first_scheduled_day(set_by_hand) == date(2026, 2, 1)


def test_mails_are_kept_in_the_home_unless_a_server_is_configured(here, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT", raising=False)
    assert mail_folder(here) == here.home / "mail"
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://mail.example:25")
    assert mail_folder(here) is None


def test_secrets_are_generated_once_and_readable_only_by_their_owner(home):
    first, second = (make_environment(home, PROJECT, port=18080) for _ in range(2))
    assert first["AIRFLOW__CORE__FERNET_KEY"] == second["AIRFLOW__CORE__FERNET_KEY"]
    for name in ("secrets.json", "passwords.json"):
        assert (home / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("models", "seconds"), [(0, "30"), (3, "30"), (45, "45")])
def test_the_more_models_there_are_the_rarer_their_dags_are_parsed_again(tmp_path, models, seconds):
    for nth in range(models):
        folder = tmp_path / "models" / f"m{nth}"
        folder.mkdir(parents=True)
        (folder / "spec.py").touch()
    here = Settings(home=tmp_path / "home", catalog_home=tmp_path)
    variables = project_variables(here, 8080, "")
    assert variables["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"] == seconds
