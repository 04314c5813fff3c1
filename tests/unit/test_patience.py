"""The client retries while Airflow's API restarts, up to a limit."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from contender.orchestrator import Airflow, ApiError, airflow


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


@pytest.fixture
def url(monkeypatch) -> Iterator[str]:
    monkeypatch.setattr(airflow, "_PAUSES", (0.01,) * 5)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Restarting)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


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
