"""The state of the embedded Airflow of a home, its port and its settings, without starting it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from contender.embedded_airflow import StackError, first_scheduled_day, make_environment, read_state, stop
from contender.embedded_airflow.processes import read_start
from contender.embedded_airflow.service import check_port, mail_folder
from contender.embedded_airflow.state import _read_boot, locked, write_state
from contender.settings import PROJECT, Settings


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
