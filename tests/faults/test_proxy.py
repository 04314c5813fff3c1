"""The proxy of the matrix passes everything on, except while its server is in trouble."""

from __future__ import annotations

import smtplib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from contender.embedded_airflow import mailbox
from tests.faults.processes import proxy
from tests.faults.processes.proxy import DELAY, HTTP_UNAVAILABLE, SMTP_UNAVAILABLE

LARGE = bytes(300_000)


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture
def fronted():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with proxy.running(server.server_port, HTTP_UNAVAILABLE) as before:
        yield before
    server.shutdown()


@pytest.fixture
def client():
    with httpx.Client(trust_env=False, timeout=60) as opened:
        yield opened


def put(client: httpx.Client, before: proxy.Proxy, body: bytes = b"small") -> httpx.Response:
    return client.put(f"http://127.0.0.1:{before.port}/", content=body)


@pytest.mark.parametrize("body", [b"small", LARGE], ids=["small", "large"])
def test_requests_are_passed_on(fronted, client, body):
    assert put(client, fronted, body).content == body


def test_a_server_that_is_gone_accepts_no_connection_and_is_back_at_the_same_port(fronted, client):
    put(client, fronted)  # the connection is kept open
    with fronted.suffering("gone"), pytest.raises(httpx.TransportError):
        put(client, fronted)
    assert put(client, fronted).content == b"small"


@pytest.mark.parametrize("body", [b"small", LARGE], ids=["small", "large"])
def test_a_server_that_is_not_available_answers_503(fronted, client, body):
    with fronted.suffering("unavailable"):
        assert put(client, fronted, body).status_code == 503
    assert put(client, fronted, body).content == body


def test_a_server_that_becomes_unavailable_breaks_the_connections_that_are_open(fronted, client):
    put(client, fronted)
    with fronted.suffering("unavailable"):
        assert client.get(f"http://127.0.0.1:{fronted.port}/").status_code == 503


def test_a_slow_server_keeps_its_connections(fronted, client):
    put(client, fronted)
    with fronted.suffering("slow"):
        began = time.monotonic()
        assert put(client, fronted).content == b"small"
        assert time.monotonic() - began > DELAY


def test_a_mail_server_that_is_not_available_says_so_at_once(tmp_path):
    with (
        mailbox.running(tmp_path) as box,
        proxy.running(box.port, SMTP_UNAVAILABLE) as before,
    ):
        with before.suffering("unavailable"), pytest.raises(smtplib.SMTPConnectError, match="421"):
            smtplib.SMTP("127.0.0.1", before.port, timeout=5)
        smtplib.SMTP("127.0.0.1", before.port, timeout=5).quit()


def test_no_connection_is_left_when_the_proxy_ends(fronted, client, caplog):
    put(client, fronted)
    fronted.call(fronted.close())
    assert not fronted._open
    assert not caplog.records
