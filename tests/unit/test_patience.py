"""The client waits while Airflow restarts, up to a limit, once it has logged in."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread, Timer

import pytest

from contender.embedded_airflow import free_port
from contender.orchestrator import Airflow, ApiError, session


class Restarting(BaseHTTPRequestHandler):
    """A server that fails `failures` times, then responds."""

    failures = 0
    tokens = 0  # the number of issued tokens; only the newest is valid

    def do_GET(self) -> None:
        type(self).failures -= 1
        known = self.headers["Authorization"] == f"Bearer {self.tokens}"
        self._answer(
            503 if self.failures >= 0 else 200 if known else 401, b'{"dags": [], "total_entries": 0}'
        )

    def do_POST(self) -> None:
        type(self).tokens += 1
        self._answer(201, b'{"access_token": "%d"}' % self.tokens)

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def serve(port: int = 0) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", port), Restarting)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


def stop(*servers: ThreadingHTTPServer) -> None:
    for server in servers:
        server.shutdown()
        server.server_close()


def quicken(monkeypatch: pytest.MonkeyPatch, patience: float) -> None:
    monkeypatch.setattr(session, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(session, "_LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(session, "_PATIENCE", patience)


@pytest.fixture
def url(monkeypatch) -> Iterator[str]:
    quicken(monkeypatch, patience=0.5)
    server = serve()
    yield f"http://127.0.0.1:{server.server_port}"
    stop(server)


def test_requests_are_retried_until_the_server_is_back(url):
    Restarting.failures = 3
    assert Airflow(url, "password").dags() == set()


def test_a_token_that_a_restart_has_invalidated_is_renewed(url):
    session = Airflow(url, "password")
    session.dags()
    Restarting.failures, Restarting.tokens = 2, Restarting.tokens + 1
    assert session.dags() == set()


def test_a_server_that_keeps_failing_is_an_error(url):
    Restarting.failures = 100
    with pytest.raises(ApiError, match="rejects GET /dags with 503"):
        Airflow(url, "password").dags()


def test_a_restart_of_all_of_airflow_is_waited_for_once_logged_in(monkeypatch):
    """The server is gone (connections are refused) and comes back with another key for its tokens."""
    quicken(monkeypatch, patience=10)
    server = serve()
    port = server.server_port
    client = Airflow(f"http://127.0.0.1:{port}", "password")
    client.dags()
    stop(server)
    Restarting.failures, Restarting.tokens = 0, Restarting.tokens + 1
    revived: list[ThreadingHTTPServer] = []
    Timer(0.3, lambda: revived.append(serve(port))).start()
    assert client.dags() == set()
    stop(*revived)


def test_a_command_says_at_once_that_no_airflow_runs(monkeypatch):
    quicken(monkeypatch, patience=60)
    with pytest.raises(ApiError, match="Check that it is running"):
        Airflow(f"http://127.0.0.1:{free_port()}", "password").dags()
