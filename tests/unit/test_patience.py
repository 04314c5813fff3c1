"""Airflow's API is asked again while it is being restarted, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from contender.orchestrator import Airflow, ApiError, airflow


class Restarting(BaseHTTPRequestHandler):
    """Fails as often as it is told, then answers."""

    failures = 0
    tokens = 0  # how many it has given out; those before the last restart are worth nothing

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
        """Keep quiet."""

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


def test_a_server_that_comes_back_is_waited_for(url):
    Restarting.failures = 3
    assert Airflow(url, "password").dags() == set()


def test_a_token_that_a_restart_made_worthless_is_renewed(url):
    session = Airflow(url, "password")
    session.dags()
    Restarting.failures, Restarting.tokens = 2, Restarting.tokens + 1
    assert session.dags() == set()


def test_one_that_does_not_is_told_of(url):
    Restarting.failures = 100
    with pytest.raises(ApiError, match="refuses GET /dags with 503"):
        Airflow(url, "password").dags()
