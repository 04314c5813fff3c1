"""Files, folders, ports and servers that cannot be used: the message names them and the way out."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import psutil
import pytest

from contender.cli.person import PASSWORD, current_user
from contender.cli.reports import UsageError, write_report
from contender.embedded_airflow import MailboxError, StackError, free_port, mailbox, read_state, running
from contender.embedded_airflow.environment import SLOTS
from contender.landing import LandingError, fetch, find_files
from contender.orchestrator import Airflow, ApiError, find_unhealthy
from contender.planning.read import _is_landed
from contender.redaction import known_secrets
from contender.serving import ServingError
from contender.serving.server import _listen, is_loopback
from contender.settings import PROJECT
from contender.specs import Days
from contender.training.provenance import _git
from demo import source
from tests.command import run_command

DAY = date(2013, 9, 2)
NOBODY = 65534
DENIED = (403, "application/xml", b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")


@contextmanager
def answering(status: int, kind: str, content: bytes) -> Iterator[str]:
    """Run a server that gives this answer to every request, and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_HEAD = do_POST = do_GET  # noqa: N815 - the names of http.server

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        yield url


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Run a server with this handler, and yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Run the block as a user without rights, if this process is one of root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def denied(on_s3) -> Iterator[object]:
    """The settings of a landing zone on an S3 server that denies every access."""
    with answering(*DENIED) as server:
        yield on_s3.model_copy(update={"landing_endpoint": server})


def test_a_bucket_that_may_not_be_listed_is_named_with_the_right_that_is_missing(denied):
    with pytest.raises(LandingError, match=r"s3://contender-\S+ cannot be listed: allow s3:ListBucket"):
        find_files(denied, "departures/*.csv")


def test_an_object_that_may_not_be_read_is_named_with_the_right_that_is_missing(denied, tmp_path):
    with pytest.raises(LandingError, match=r"x\.csv cannot be read: allow s3:GetObject on s3://contender-"):
        fetch(denied, "x.csv", tmp_path, limit=100)


def test_a_plan_says_nothing_about_deliveries_in_a_landing_zone_that_cannot_be_listed(denied, installation):
    object.__setattr__(installation, "settings", denied)
    assert _is_landed(installation, installation.catalog.dataset("departures"), DAY) is None


def test_a_delivery_that_the_process_may_not_read_is_named_with_the_way_out(here):
    source.drop("departures", Days.one(DAY).each(), here.landing)
    name = f"departures/{DAY}.csv"
    (Path(here.landing) / name).chmod(0)
    with (
        TemporaryDirectory() as into,
        as_nobody(),
        pytest.raises(LandingError, match=rf"{name} cannot be read: give the Airflow user permission"),
    ):
        fetch(here, name, Path(into), limit=1 << 20)


def test_a_report_that_cannot_be_written_is_named_with_its_option(tmp_path):
    (tmp_path / "file").write_text("")
    place = f"{tmp_path}/file/report.html"
    with pytest.raises(UsageError, match=rf"--report {place}: cannot be written .*: give another file"):
        write_report("--report", "page", place)


@pytest.mark.parametrize(
    ("given", "said"),
    [("missing.csv", "does not exist: give a file"), ("mixed", "cannot be read as one dataset: ")],
)
def test_files_that_cannot_be_drafted_from_are_named(tmp_path, monkeypatch, migrated_book, given, said):
    monkeypatch.setenv("CONTENDER_HOME", str(tmp_path / "home"))
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for name in ("2024-03-04.csv", "other.csv"):
        (mixed / name).write_text("day,id\n2024-03-04,1\n")
    outcome = run_command("new", "dataset", "orders", "--from", str(tmp_path / given))
    assert outcome.code in (2, 3)
    assert f"{tmp_path / given}: {said}" in outcome.err


def test_a_process_without_a_terminal_is_told_which_variable_has_the_password(tmp_path):
    ask = "from contender.cli.person import airflow_password; from contender.settings import settings; "
    ended = subprocess.run(
        [sys.executable, "-c", f"{ask}airflow_password(settings())"],
        env={**os.environ, "CONTENDER_HOME": str(tmp_path), PASSWORD: ""},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"there is no terminal to ask on: set {PASSWORD}" in ended.stderr


def test_a_user_without_a_name_is_known_by_the_number(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert current_user() == "user 4000000"


def test_a_port_in_use_is_named_by_the_mailbox_and_by_the_prediction_server(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(MailboxError, match=f"cannot listen on 127.0.0.1:{port}: .*ddress already in use"):
            mailbox.start(tmp_path / "mail", port)
        with pytest.raises(ServingError, match=f"cannot listen on 127.0.0.1:{port}: .*: choose another --p"):
            _listen("127.0.0.1", port)


def test_a_name_is_no_loopback_address_but_localhost_is():
    assert [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "example.com")] == [
        True,
        True,
        True,
        False,
    ]


def test_the_page_of_a_proxy_in_place_of_airflows_answer_is_shown():
    with (
        answering(407, "text/html", b"<h1>Who are you?</h1>") as proxy,
        pytest.raises(ApiError, match=r"rejects .*407.*Who are you"),
        Airflow(proxy, "secret") as airflow,
    ):
        airflow.dags()


@pytest.mark.parametrize("content", [b"<h1>Welcome</h1>", b'["token"]', b"{}"])
def test_a_server_that_is_not_airflows_is_named_with_the_setting(content):
    with (
        answering(200, "text/html", content) as other,
        pytest.raises(ApiError, match=f"{other} gives no token, .*: correct CONTENDER_UI_URL"),
        Airflow(other, "secret") as airflow,
    ):
        airflow.dags()


@pytest.mark.parametrize("content", ["<h1>Who are you?</h1>", '["Who are you?"]'])
def test_an_answer_of_a_proxy_after_the_log_in_is_shown(content):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.answer(201, '{"access_token": "a token"}')

        def do_GET(self) -> None:
            self.answer(407, content)

        def answer(self, code: int, text: str) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with (
        serving(Handler) as url,
        Airflow(url, "secret") as airflow,
        pytest.raises(ApiError, match=f"Airflow rejects GET .* with 407: {re.escape(content)}"),
    ):
        airflow.dags()


@pytest.mark.parametrize("refusal", [(401, "Token expired"), (403, "Invalid JWT token")])
def test_a_token_that_airflow_no_longer_accepts_is_replaced(refusal):
    """Airflow answers 403 if its clock was set back since it gave the token."""
    status, detail = refusal
    given: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given.append(f"token {len(given)}")
            self.answer(201, {"access_token": given[-1]})

        def do_GET(self) -> None:
            accepted = self.headers["Authorization"] == "Bearer token 1"
            self.answer(200, {"dags": [], "total_entries": 0}) if accepted else self.answer(
                status, {"detail": detail}
            )

        def answer(self, code: int, content: object) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url, Airflow(url, "secret") as airflow:
        assert airflow.dags() == set()
    assert len(given) == 2


def test_an_airflow_that_does_not_listen_or_answers_a_page_is_not_healthy():
    assert "api_server" in find_unhealthy(f"http://127.0.0.1:{free_port()}")
    with answering(200, "text/html", b"<h1>Welcome</h1>") as page:
        assert "api_server" in find_unhealthy(page)


def test_without_git_the_code_version_is_that_of_the_release(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert _git("rev-parse", "HEAD") is None


def test_a_connection_that_is_no_json_has_the_secrets_of_its_url_only():
    url = "postgresql://ann:correct-horse@db/base"
    extra = '{"password": "battery-staple", "extra": "no json"}'
    assert "correct-horse" in known_secrets({"AIRFLOW_CONN_BASE": url})
    assert "battery-staple" in known_secrets({"AIRFLOW_CONN_BASE": extra})


def test_a_library_that_is_not_installed_is_not_preloaded(caplog):
    from airflow_local_settings import _preload

    _preload(["a_library_that_nobody_has", "json"])
    assert "Not preloaded: a_library_that_nobody_has" in caplog.text


def test_an_airflow_of_which_a_process_ends_at_once_is_stopped_and_its_log_is_shown(tmp_path):
    home = tmp_path / "home"
    (home / "airflow").mkdir(parents=True)
    (home / "airflow" / "migrated").write_text(f"{version('apache-airflow')}, {SLOTS} slots")
    extra = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "nonsense:///airflow.db"}
    with (
        pytest.raises(StackError, match=r"Airflow's \S+ ended with code 1\. The end of (.|\n)*nonsense"),
        running(home, PROJECT, extra, print, port=free_port()),
    ):
        pass
    assert not read_state(home).running
    assert [
        child for child in psutil.Process().children(recursive=True) if "airflow" in child.cmdline()
    ] == []
